// CloudWatch's metrics and alarms under the official SDK, which speaks CBOR, and in the service's two other protocols.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import {
  APIGatewayClient,
  CreateDeploymentCommand,
  CreateRestApiCommand,
  PutIntegrationCommand,
  PutMethodCommand,
} from "@aws-sdk/client-api-gateway";
import {
  CloudWatchClient,
  CloudWatchServiceException,
  DeleteAlarmsCommand,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  type DescribeAlarmsCommandOutput,
  DescribeAlarmsForMetricCommand,
  DisableAlarmActionsCommand,
  EnableAlarmActionsCommand,
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  ListMetricsCommand,
  ListTagsForResourceCommand,
  PutCompositeAlarmCommand,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
  PutMetricDataCommand,
  paginateListMetrics,
  ResourceNotFound,
  SetAlarmStateCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from "@aws-sdk/client-cloudwatch";
import { AddPermissionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { until } from "../../until.ts";
import { elsewhere, functionOf, refusal, startForSuite } from "./sdk-client.ts";

const once = { maxAttempts: 1 };
const refused = async (call: Promise<unknown>): Promise<[string, number | undefined, string]> => {
  const { name, $metadata, message } = await refusal(call, CloudWatchServiceException);
  return [name, $metadata.httpStatusCode, message];
};

describe("CloudWatch metrics", () => {
  const portico = startForSuite();
  const client = portico.client(CloudWatchClient, once);
  const thisMinute = Math.floor(Date.now() / 60_000) * 60_000;
  const minute = (ago: number): Date => new Date(thisMinute - ago * 60_000);
  const range = { StartTime: minute(10), EndTime: minute(0) };

  it("keeps what is put, and answers statistics and percentiles by unit and period", async () => {
    const Dimensions = [
      { Name: "b", Value: "2" },
      { Name: "a", Value: "1" },
    ];
    const datum = { MetricName: "latency", Dimensions, Unit: "Milliseconds" } as const;
    const MetricData = [
      { ...datum, Timestamp: minute(9), Values: [10, 20, 30], Counts: [90, 9, 1] },
      { ...datum, Timestamp: minute(8), Value: 50 },
      { ...datum, Timestamp: minute(3), StatisticValues: { SampleCount: 4, Sum: 8, Minimum: 1, Maximum: 3 } },
      { ...datum, Timestamp: minute(3), Unit: "Seconds" as const, Value: 1 },
    ];
    await client.send(new PutMetricDataCommand({ Namespace: "Shop", MetricData }));
    const asked = {
      Namespace: "Shop",
      MetricName: "latency",
      Dimensions: [...Dimensions].reverse(),
      ...range,
      Period: 300,
    };
    const plain = await client.send(
      new GetMetricStatisticsCommand({
        ...asked,
        Unit: "Milliseconds",
        Statistics: ["SampleCount", "Sum", "Average", "Minimum", "Maximum"],
        ExtendedStatistics: ["p50", "p99.9"],
      }),
    );
    assert.deepEqual(plain.Datapoints, [
      {
        Timestamp: minute(10),
        SampleCount: 101,
        Sum: 1_160,
        Average: 1_160 / 101,
        Minimum: 10,
        Maximum: 50,
        Unit: "Milliseconds",
        ExtendedStatistics: { p50: 10, "p99.9": 50 },
      },
      {
        Timestamp: minute(5),
        SampleCount: 4,
        Sum: 8,
        Average: 2,
        Minimum: 1,
        Maximum: 3,
        Unit: "Milliseconds",
        // Statistic sets have no single values.
        ExtendedStatistics: {},
      },
    ]);
    const { Datapoints: both } = await client.send(
      new GetMetricStatisticsCommand({ ...asked, Statistics: ["SampleCount"] }),
    );
    assert.deepEqual(both?.map(({ Unit, SampleCount }) => `${Unit} ${SampleCount}`).sort(), [
      "Milliseconds 101",
      "Milliseconds 4",
      "Seconds 1",
    ]);
    const other = portico.client(CloudWatchClient, elsewhere);
    assert.deepEqual((await other.send(new ListMetricsCommand({}))).Metrics, []);
  });

  it("lists metrics in pages, by namespace, name and dimensions", async () => {
    // The SDK compresses a call of this size.
    const MetricData = Array.from({ length: 1_000 }, (_, index) => ({
      MetricName: `m${index % 2}`,
      Dimensions: [
        { Name: "index", Value: `${index}` },
        { Name: "kind", Value: index < 3 ? "few" : "many" },
      ],
      Value: 1,
    }));
    await client.send(new PutMetricDataCommand({ Namespace: "Many", MetricData }));
    const sizes: number[] = [];
    for await (const { Metrics } of paginateListMetrics({ client }, { Namespace: "Many" })) sizes.push(Metrics!.length);
    assert.deepEqual(sizes, [500, 500]);
    const few = await client.send(
      new ListMetricsCommand({
        Namespace: "Many",
        MetricName: "m0",
        Dimensions: [{ Name: "index" }, { Name: "kind", Value: "few" }],
        RecentlyActive: "PT3H",
      }),
    );
    assert.deepEqual(
      few.Metrics?.map(({ Dimensions }) => Dimensions?.[0]),
      [
        { Name: "index", Value: "0" },
        { Name: "index", Value: "2" },
      ],
    );
    assert.deepEqual(await refused(client.send(new ListMetricsCommand({ NextToken: "x" }))), [
      "InvalidParameterValueException",
      400,
      "The value for parameter NextToken is invalid.",
    ]);
  });

  it("computes math over metrics", async () => {
    const metric = (Id: string, MetricName: string) => ({
      Id,
      ReturnData: false,
      MetricStat: { Metric: { Namespace: "Rate", MetricName }, Period: 60, Stat: "Sum" },
    });
    const MetricData = [
      { MetricName: "requests", Timestamp: minute(3), Value: 200 },
      { MetricName: "requests", Timestamp: minute(2), Value: 50 },
      { MetricName: "errors", Timestamp: minute(3), Value: 3 },
    ];
    await client.send(new PutMetricDataCommand({ Namespace: "Rate", MetricData }));
    const { MetricDataResults } = await client.send(
      new GetMetricDataCommand({
        ...range,
        ScanBy: "TimestampAscending",
        MetricDataQueries: [
          metric("r", "requests"),
          metric("e", "errors"),
          { Id: "rate", Label: "in %", Expression: "100 * FILL(e, 0) / r" },
        ],
      }),
    );
    assert.deepEqual(MetricDataResults, [
      {
        Id: "rate",
        Label: "in %",
        Timestamps: [minute(3), minute(2)],
        Values: [1.5, 0],
        StatusCode: "Complete",
      },
    ]);
    const MetricStat = { Metric: { Namespace: "Shop", MetricName: "m" }, Period: 60, Stat: "Sum" };
    const foreign = [{ Id: "a", MetricStat, AccountId: "999999999999" }];
    const [, , why] = await refused(client.send(new GetMetricDataCommand({ ...range, MetricDataQueries: foreign })));
    assert.match(why, /AccountId: metrics of other accounts/);
    const unknown = new GetMetricDataCommand({ ...range, MetricDataQueries: [{ Id: "a", Expression: "SEARCH('x')" }] });
    const [name, status, message] = await refused(client.send(unknown));
    assert.deepEqual([name, status], ["ValidationException", 400]);
    assert.match(message, /^Error in expression 'a': Portico has no function SEARCH; it has ABS, /);
  });

  it("refuses values, times, dimensions and combinations that AWS refuses", async () => {
    const put = (datum: object, Namespace = "Bad") =>
      refused(
        client.send(new PutMetricDataCommand({ Namespace, MetricData: [{ MetricName: "m", ...datum } as never] })),
      );
    const names = async (calls: readonly Promise<readonly unknown[]>[]) => (await Promise.all(calls)).map(([n]) => n);
    assert.deepEqual(
      await names([
        put({ Value: Number.NaN }),
        put({ Value: 2 ** 361 }),
        put({ Value: 1 }, "AWS/ApiGateway"),
        put({ Value: 1, Timestamp: new Date(Date.now() - 15 * 86_400_000) }),
        put({ Value: 1, Timestamp: new Date(Date.now() + 3 * 3_600_000) }),
        put({ Values: [1, 2], Counts: [1] }),
        put({ Value: 1, StorageResolution: 5 }),
        put({
          Value: 1,
          Dimensions: [
            { Name: "a", Value: "b" },
            { Name: "a", Value: "c" },
          ],
        }),
        put({ Value: 1, Dimensions: [{ Name: "a", Value: "ü" }] }),
        put({ Value: 1, Dimensions: [{ Name: "a", Value: "b\tc" }] }),
        put({ Value: 1, Dimensions: [{ Name: "a", Value: " " }] }),
        put({ Value: 1, Dimensions: [{ Name: ":a", Value: "b" }] }),
        put({ Value: 1 }, "Bäd"),
        put({}),
        put({ Value: 1, Values: [1] }),
        put({ Value: 1, Unit: "Furlongs" }),
      ]),
      [
        "MalformedInput",
        ...Array.from({ length: 12 }, () => "InvalidParameterValueException"),
        "MissingRequiredParameterException",
        "InvalidParameterCombinationException",
        "ValidationException",
      ],
    );
    assert.deepEqual((await client.send(new ListMetricsCommand({ Namespace: "Bad" }))).Metrics, []);
    const second = { Name: "b", Value: "日本" };
    assert.deepEqual(await put({ Value: 1, Dimensions: [{ Name: "a", Value: "c" }, second] }), [
      ...["InvalidParameterValueException", 400],
      "The value for parameter MetricData.member.1.Dimensions.member.2.Value contains non-ASCII characters.",
    ]);
  });

  it("speaks query and JSON as well, with the errors' names of each", async () => {
    const post = (headers: Record<string, string>, body: string | Buffer) =>
      fetch(`${portico.url}/`, { method: "POST", headers, body });
    const form = { "content-type": "application/x-www-form-urlencoded" };
    const query = (text: string) => post(form, `Version=2010-08-01&${text}`);
    const datum =
      "MetricData.member.1.MetricName=q&MetricData.member.1.Value=4&MetricData.member.1.Dimensions.member.1";
    const put = await query(`Action=PutMetricData&Namespace=Old&${datum}.Name=a&${datum.split("&").at(-1)}.Value=b`);
    assert.equal(put.status, 200, await put.text());
    assert.match(
      await (await query("Action=ListMetrics&Namespace=Old")).text(),
      /<ListMetricsResult><Metrics><member><Namespace>Old<\/Namespace><MetricName>q<\/MetricName><Dimensions><member><Name>a<\/Name><Value>b<\/Value>/,
    );
    const wrong = await query("Action=PutMetricData&Namespace=AWS/X&MetricData.member.1.MetricName=q");
    assert.equal(wrong.status, 400);
    assert.match(await wrong.text(), /<Type>Sender<\/Type><Code>InvalidParameterValue<\/Code>/);

    const json = (operation: string, body: unknown, more: Record<string, string> = {}) =>
      post(
        {
          "content-type": "application/x-amz-json-1.0",
          "x-amz-target": `GraniteServiceVersion20100801.${operation}`,
          ...more,
        },
        Buffer.isBuffer(body) ? body : JSON.stringify(body),
      );
    const listed = await json("ListMetrics", { Namespace: "Old" });
    assert.equal(listed.headers.get("content-type"), "application/x-amz-json-1.0");
    assert.deepEqual(await listed.json(), {
      Metrics: [{ Namespace: "Old", MetricName: "q", Dimensions: [{ Name: "a", Value: "b" }] }],
    });
    const bad = await json("SetAlarmState", { AlarmName: "none", StateValue: "OK", StateReason: "r" });
    assert.equal(bad.headers.get("x-amzn-query-error"), "ResourceNotFound;Sender");
    assert.deepEqual(
      [bad.status, await bad.json()],
      [404, { __type: "ResourceNotFound", message: "Unknown alarm: none" }],
    );
    const zipped = await json("ListMetrics", gzipSync('{"Namespace":"Old"}'), { "content-encoding": "gzip" });
    assert.equal(((await zipped.json()) as { Metrics: unknown[] }).Metrics.length, 1);
    const bomb = await json("ListMetrics", gzipSync(Buffer.alloc(50_000_000)), { "content-encoding": "gzip" });
    assert.equal(bomb.status, 413);
    const noise = await json("ListMetrics", Buffer.from("nothing"), { "content-encoding": "gzip" });
    assert.equal(noise.status, 400);
  });

  it("refuses CBOR that is no call", async () => {
    const cbor = (body: Buffer, operation = "ListMetrics") =>
      fetch(`${portico.url}/service/GraniteServiceVersion20100801/operation/${operation}`, {
        method: "POST",
        headers: { "content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor" },
        body,
      });
    const deep = Buffer.alloc(100_000, 0x81);
    for (const body of [deep, Buffer.from([0xbf]), Buffer.from([0x9b, 255, 255, 255, 255, 255, 255, 255, 255])]) {
      const answer = await cbor(body);
      assert.equal(answer.status, 400);
      assert.match(await answer.text(), /MalformedInput/);
    }
    assert.equal((await cbor(Buffer.alloc(0))).status, 200);
    const unknown = await cbor(Buffer.alloc(0), "GetMetricWidgetImage");
    assert.equal(unknown.status, 501);
  });
});

describe("CloudWatch alarms", () => {
  const received: { readonly path: string; readonly body: string }[] = [];
  let status = 200;
  const receiver = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      received.push({ path: request.url ?? "", body });
      response.writeHead(status).end();
    });
  });
  let origin = "";
  const args = ["--beyond-aws", "alarm-webhooks", "--log-level", "error"];
  before(async () => {
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
    args.push("--endpoints", `sns=${origin}`);
  });
  after(() => void receiver.close());
  const portico = startForSuite({ args });
  const client = portico.client(CloudWatchClient, once);
  const lambda = portico.client(LambdaClient, once);
  /** A function that tells the receiver of the alarms that call it. */
  const tellingFunction = (name: string): ReturnType<typeof functionOf> =>
    functionOf(
      name,
      `exports.handler = async (event) => { await fetch("${origin}/${name}", { method: "POST", body: JSON.stringify(event) }); };`,
    );
  const told = (name: string): { state: { value: string; reason: string }; previousState: { value: string } }[] =>
    received.filter(({ path }) => path === `/${name}`).map(({ body }) => JSON.parse(body).alarmData);

  const advance = async (minutes: number): Promise<void> => {
    const body = JSON.stringify({ advanceMs: minutes * 60_000 });
    await fetch(`${portico.url}/_portico/clock`, { method: "POST", body });
  };
  const alarm = (AlarmName: string, more: Partial<PutMetricAlarmCommandInput> = {}) =>
    client.send(
      new PutMetricAlarmCommand({
        AlarmName,
        Namespace: "Shop",
        MetricName: AlarmName,
        Statistic: "Sum",
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 5,
        ComparisonOperator: "GreaterThanThreshold",
        ...more,
      }),
    );
  const put = (MetricName: string, Value: number) =>
    client.send(new PutMetricDataCommand({ Namespace: "Shop", MetricData: [{ MetricName, Value }] }));
  const described = async (name: string) =>
    (await client.send(new DescribeAlarmsCommand({ AlarmNames: [name] }))).MetricAlarms?.[0];
  const stateOf = async (name: string) => (await described(name))?.StateValue;
  const history = async (AlarmName: string) =>
    (await client.send(new DescribeAlarmHistoryCommand({ AlarmName }))).AlarmHistoryItems!.map(
      ({ HistorySummary }) => HistorySummary,
    );

  it("go off, come back and miss data as their metric says, by the server's clock", async () => {
    await alarm("heat");
    const { AlarmConfigurationUpdatedTimestamp, StateUpdatedTimestamp, StateTransitionedTimestamp, ...shown } =
      (await described("heat"))!;
    assert.ok(AlarmConfigurationUpdatedTimestamp && StateUpdatedTimestamp && StateTransitionedTimestamp);
    assert.deepEqual(shown, {
      AlarmName: "heat",
      AlarmArn: "arn:aws:cloudwatch:us-east-1:000000000000:alarm:heat",
      ActionsEnabled: true,
      OKActions: [],
      AlarmActions: [],
      InsufficientDataActions: [],
      StateValue: "INSUFFICIENT_DATA",
      StateReason: "Unchecked: Initial alarm creation",
      MetricName: "heat",
      Namespace: "Shop",
      Statistic: "Sum",
      Dimensions: [],
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 5,
      ComparisonOperator: "GreaterThanThreshold",
    });
    await put("heat", 9);
    await advance(1);
    await until(async () => (await stateOf("heat")) === "ALARM");
    assert.match((await described("heat"))?.StateReason ?? "", /^Threshold Crossed: 1 datapoint \[9\.0 \(/);
    await put("heat", 5);
    await advance(1);
    await until(async () => (await stateOf("heat")) === "OK");
    await advance(5);
    await until(async () => (await stateOf("heat")) === "INSUFFICIENT_DATA");
    assert.deepEqual(await history("heat"), [
      "Alarm updated from OK to INSUFFICIENT_DATA",
      "Alarm updated from ALARM to OK",
      "Alarm updated from INSUFFICIENT_DATA to ALARM",
      'Alarm "heat" created',
    ]);
  });

  it("of percentiles stay as they are where there are too few samples, if they are told to", async () => {
    const percentile = { Statistic: undefined, ExtendedStatistic: "p90", EvaluateLowSampleCountPercentile: "ignore" };
    await alarm("slow", percentile);
    await alarm("slow-evaluated", { ...percentile, MetricName: "slow", EvaluateLowSampleCountPercentile: "evaluate" });
    const samples = async (count: number): Promise<void> => {
      const MetricData = [{ MetricName: "slow", Values: [9, 10], Counts: [count - 1, 1] }];
      await client.send(new PutMetricDataCommand({ Namespace: "Shop", MetricData }));
      await advance(1);
    };
    await samples(99);
    await until(async () => (await stateOf("slow-evaluated")) === "ALARM");
    assert.equal(await stateOf("slow"), "INSUFFICIENT_DATA");
    await samples(100);
    await until(async () => (await stateOf("slow")) === "ALARM");
  });

  it("watch math over metrics", async () => {
    const metric = (Id: string) => ({
      Id,
      ReturnData: false,
      MetricStat: { Metric: { Namespace: "Shop", MetricName: Id }, Period: 60, Stat: "Sum" },
    });
    await client.send(
      new PutMetricAlarmCommand({
        AlarmName: "rate",
        EvaluationPeriods: 1,
        Threshold: 10,
        ComparisonOperator: "GreaterThanOrEqualToThreshold",
        Metrics: [metric("bad"), metric("all"), { Id: "e1", Expression: "100 * bad / all", Label: "rate" }],
      }),
    );
    await put("bad", 1);
    await put("all", 10);
    await advance(1);
    await until(async () => (await stateOf("rate")) === "ALARM");
  });

  it("publish to topics and call URLs; a receiver that fails is tried again, and told in the history", async () => {
    const topic = "arn:aws:sns:us-east-1:000000000000:ops";
    await alarm("loud", { AlarmActions: [topic, `${origin}/hook`], AlarmDescription: "too loud" });
    received.length = 0;
    await client.send(new SetAlarmStateCommand({ AlarmName: "loud", StateValue: "ALARM", StateReason: "trying" }));
    await until(() => received.length === 2);
    const hook = JSON.parse(received.find(({ path }) => path === "/hook")!.body);
    assert.deepEqual(hook.alarmData.state.value, "ALARM");
    const form = new URLSearchParams(received.find(({ path }) => path === "/")!.body);
    assert.deepEqual(
      [form.get("Action"), form.get("TopicArn"), form.get("Subject")],
      ["Publish", topic, 'ALARM: "loud" in US East (N. Virginia)'],
    );
    const message = JSON.parse(form.get("Message")!);
    assert.deepEqual(
      [message.AlarmName, message.NewStateValue, message.NewStateReason, message.Trigger.Statistic],
      ["loud", "ALARM", "trying", "SUM"],
    );
    await until(
      async () => (await history("loud")).filter((line) => /^Successfully executed/.test(line!)).length === 2,
    );

    received.length = 0;
    status = 503;
    await client.send(new SetAlarmStateCommand({ AlarmName: "loud", StateValue: "OK", StateReason: "back" }));
    await client.send(new SetAlarmStateCommand({ AlarmName: "loud", StateValue: "ALARM", StateReason: "again" }));
    await until(async () =>
      (await history("loud")).some(
        (line) => line === `Failed to execute action ${topic}. Received error: "${origin} answered 503"`,
      ),
    );
    assert.equal(received.filter(({ path }) => path === "/").length, 3);
    status = 200;
  });

  it("call functions whose policies let them, and no others", async () => {
    await lambda.send(tellingFunction("pager"));
    const FunctionArn = "arn:aws:lambda:us-east-1:000000000000:function:pager";
    await alarm("page", { AlarmActions: [FunctionArn] });
    const set = (StateValue: "OK" | "ALARM") =>
      client.send(new SetAlarmStateCommand({ AlarmName: "page", StateValue, StateReason: "trying" }));
    await set("ALARM");
    // The evaluator may have written a line behind it: the alarm has no data.
    const refusedCall = /is not authorized to perform: lambda:InvokeFunction/;
    await until(async () => (await history("page")).some((line) => refusedCall.test(line!)));
    await lambda.send(
      new AddPermissionCommand({
        FunctionName: "pager",
        StatementId: "alarms",
        Action: "lambda:InvokeFunction",
        Principal: "lambda.alarms.cloudwatch.amazonaws.com",
        SourceAccount: "000000000000",
        SourceArn: "arn:aws:cloudwatch:us-east-1:000000000000:alarm:page",
      }),
    );
    await set("OK");
    await set("ALARM");
    await until(() => told("pager").length === 1);
    const [event] = told("pager");
    assert.deepEqual([event?.state.value, event?.previousState.value], ["ALARM", "OK"]);
    await client.send(new DisableAlarmActionsCommand({ AlarmNames: ["page"] }));
    await set("OK");
    await set("ALARM");
    await client.send(new EnableAlarmActionsCommand({ AlarmNames: ["page"] }));
    assert.equal((await described("page"))?.ActionsEnabled, true);
    await set("OK");
    await set("ALARM");
    await until(() => told("pager").length > 1);
    assert.equal(told("pager").length, 2);
  });

  it("on an API's 5XXError call a function when requests fail", async () => {
    const gateway = portico.client(APIGatewayClient, once);
    const { id: restApiId, rootResourceId: resourceId } = await gateway.send(
      new CreateRestApiCommand({ name: "shop" }),
    );
    const method = { restApiId, resourceId, httpMethod: "GET" };
    await gateway.send(new PutMethodCommand({ ...method, authorizationType: "NONE" }));
    const uri = `${origin}/backend`;
    await gateway.send(new PutIntegrationCommand({ ...method, type: "HTTP_PROXY", integrationHttpMethod: "GET", uri }));
    await gateway.send(new CreateDeploymentCommand({ restApiId, stageName: "prod" }));
    await lambda.send(tellingFunction("on-call"));
    await lambda.send(
      new AddPermissionCommand({
        FunctionName: "on-call",
        StatementId: "alarms",
        Action: "lambda:InvokeFunction",
        Principal: "lambda.alarms.cloudwatch.amazonaws.com",
      }),
    );
    await alarm("shop-5xx", {
      Namespace: "AWS/ApiGateway",
      MetricName: "5XXError",
      Dimensions: [
        { Name: "ApiName", Value: "shop" },
        { Name: "Stage", Value: "prod" },
      ],
      Threshold: 2,
      TreatMissingData: "notBreaching",
      AlarmActions: ["arn:aws:lambda:us-east-1:000000000000:function:on-call"],
    });
    await until(async () => (await stateOf("shop-5xx")) === "OK");
    status = 503;
    for (let count = 0; count < 3; count++) {
      const response = await fetch(`${portico.url}/restapis/${restApiId}/prod/_user_request_/`);
      assert.equal(response.status, 503, await response.text());
    }
    status = 200;
    await advance(1);
    await until(async () => (await stateOf("shop-5xx")) === "ALARM");
    await until(() => /datapoint \[3\.0 /.test(told("on-call")[0]?.state.reason ?? ""));
  });

  it("are of their account and region", async () => {
    await alarm("mine", { Tags: [{ Key: "team", Value: "ops" }] });
    const other = portico.client(CloudWatchClient, elsewhere);
    assert.deepEqual((await other.send(new DescribeAlarmsCommand({}))).MetricAlarms, []);
    assert.deepEqual((await other.send(new DescribeAlarmHistoryCommand({ AlarmName: "mine" }))).AlarmHistoryItems, []);
    await other.send(new DeleteAlarmsCommand({ AlarmNames: ["mine"] }));
    const ResourceARN = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:mine";
    const Tags = [{ Key: "team", Value: "thieves" }];
    for (const call of [
      () => other.send(new TagResourceCommand({ ResourceARN, Tags })),
      () => other.send(new ListTagsForResourceCommand({ ResourceARN })),
      () => other.send(new SetAlarmStateCommand({ AlarmName: "mine", StateValue: "OK", StateReason: "r" })),
    ]) {
      assert.match((await refused(call()))[0], /^ResourceNotFound/);
    }
    // An alarm of the same name is another one.
    await other.send(new DisableAlarmActionsCommand({ AlarmNames: ["mine"] }));
    assert.equal((await described("mine"))?.ActionsEnabled, true);
    const own = await client.send(new ListTagsForResourceCommand({ ResourceARN }));
    assert.deepEqual(own.Tags, [{ Key: "team", Value: "ops" }]);
  });

  it("are found by name, prefix, state, action and metric, have tags, and are deleted", async () => {
    await alarm("find-1", { Tags: [{ Key: "team", Value: "ops" }] });
    await alarm("find-2", { AlarmActions: ["arn:aws:sns:us-east-1:000000000000:found"] });
    const names = async (input: object) =>
      (await client.send(new DescribeAlarmsCommand(input))).MetricAlarms!.map(({ AlarmName }) => AlarmName);
    assert.deepEqual(await names({ AlarmNamePrefix: "find-" }), ["find-1", "find-2"]);
    assert.deepEqual(await names({ AlarmNames: ["find-2", "none"] }), ["find-2"]);
    assert.deepEqual(await names({ ActionPrefix: "arn:aws:sns:us-east-1:000000000000:fo" }), ["find-2"]);
    assert.deepEqual(await names({ AlarmTypes: ["CompositeAlarm"] }), []);
    const page = await client.send(new DescribeAlarmsCommand({ AlarmNamePrefix: "find-", MaxRecords: 1 }));
    assert.deepEqual(await names({ AlarmNamePrefix: "find-", MaxRecords: 1, NextToken: page.NextToken }), ["find-2"]);
    const ofMetric = new DescribeAlarmsForMetricCommand({ Namespace: "Shop", MetricName: "find-1" });
    assert.deepEqual(
      (await client.send(ofMetric)).MetricAlarms?.map(({ AlarmName }) => AlarmName),
      ["find-1"],
    );
    const ResourceARN = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:find-1";
    await client.send(new TagResourceCommand({ ResourceARN, Tags: [{ Key: "env", Value: "dev" }] }));
    await client.send(new UntagResourceCommand({ ResourceARN, TagKeys: ["team"] }));
    const { Tags } = await client.send(new ListTagsForResourceCommand({ ResourceARN }));
    assert.deepEqual(Tags, [{ Key: "env", Value: "dev" }]);
    await client.send(new DeleteAlarmsCommand({ AlarmNames: ["find-1", "find-2", "none"] }));
    assert.deepEqual(await names({ AlarmNamePrefix: "find-" }), []);
    assert.deepEqual(await history("find-1"), ['Alarm "find-1" deleted', 'Alarm "find-1" created']);
    assert.equal(
      (await refused(client.send(new ListTagsForResourceCommand({ ResourceARN }))))[0],
      "ResourceNotFoundException",
    );
    const missing = client.send(new SetAlarmStateCommand({ AlarmName: "find-1", StateValue: "OK", StateReason: "r" }));
    assert.equal((await refusal(missing, ResourceNotFound)).$metadata.httpStatusCode, 404);
  });

  it("by the thousand are described in pages, of which some are short; their history has AWS's lengths", async () => {
    const names = Array.from({ length: 1_100 }, (_, index) => `many-${String(index).padStart(4, "0")}`);
    for (let from = 0; from < names.length; from += 50) {
      await Promise.all(
        names.slice(from, from + 50).map((name) => alarm(name, { ActionsEnabled: false, MetricName: "many" })),
      );
    }
    const last = names.at(-1)!;
    await client.send(new SetAlarmStateCommand({ AlarmName: last, StateValue: "ALARM", StateReason: "r" }));
    const found: (string | undefined)[] = [];
    let pages = 0;
    let NextToken: string | undefined;
    do {
      const answer: DescribeAlarmsCommandOutput = await client.send(
        new DescribeAlarmsCommand({ AlarmNamePrefix: "many-", StateValue: "ALARM", NextToken }),
      );
      found.push(...answer.MetricAlarms!.map(({ AlarmName }) => AlarmName));
      NextToken = answer.NextToken;
      pages++;
    } while (NextToken !== undefined);
    assert.deepEqual([found, pages], [[last], 2]);
    const all: (string | undefined)[] = [];
    do {
      const answer: DescribeAlarmsCommandOutput = await client.send(
        new DescribeAlarmsCommand({ AlarmNamePrefix: "many-", MaxRecords: 100, NextToken }),
      );
      all.push(...answer.MetricAlarms!.map(({ AlarmName }) => AlarmName));
      NextToken = answer.NextToken;
    } while (NextToken !== undefined);
    assert.deepEqual(all, names);
    const ofMetric = new DescribeAlarmsForMetricCommand({ Namespace: "Shop", MetricName: "many" });
    assert.equal((await client.send(ofMetric)).MetricAlarms?.length, names.length);
    const long = Array.from({ length: 12 }, (_, index) => ({ Name: `${index}`, Value: "v".repeat(900) }));
    await alarm("long", { Dimensions: long });
    await alarm("long", { Dimensions: long.slice(1), AlarmDescription: "a" });
    await alarm("long", { AlarmDescription: "short" });
    const { AlarmHistoryItems = [] } = await client.send(new DescribeAlarmHistoryCommand({ AlarmName: "long" }));
    const data = AlarmHistoryItems.map(({ HistoryData = "" }) => HistoryData);
    assert.ok(data.every(({ length }) => length <= 4_095));
    const said = data.map((text) => JSON.parse(text) as { readonly type: string; readonly [member: string]: unknown });
    assert.deepEqual(
      said.map(({ type, updatedAlarm, previousAlarm }) => [
        type,
        updatedAlarm !== undefined,
        previousAlarm !== undefined,
      ]),
      [
        ["Update", true, false],
        ["Update", true, false],
        ["Create", false, false],
      ],
    );
    const longer = Array.from({ length: 20 }, (_, index) => ({ Name: `${index}`, Value: "v".repeat(1_000) }));
    assert.equal((await refused(alarm("longer", { Dimensions: longer })))[0], "ValidationException");
    for (let from = 0; from < names.length; from += 100)
      await client.send(new DeleteAlarmsCommand({ AlarmNames: names.slice(from, from + 100) }));
  });

  it("are refused where they would be wrong, or stay silent here", async () => {
    const names = async (changes: readonly object[]) =>
      await Promise.all(changes.map(async (more) => (await refused(alarm("wrong", more)))[0]));
    assert.deepEqual(
      await names([
        { Period: 7 },
        { Statistic: undefined },
        { ExtendedStatistic: "p99" },
        { DatapointsToAlarm: 2 },
        { EvaluationPeriods: 1_441 },
        { TreatMissingData: "maybe" },
        { AlarmActions: ["arn:aws:automate:us-east-1:ec2:stop"] },
        { AlarmActions: ["ftp://localhost/"] },
        { AlarmActions: ["http://user:password@localhost/"] },
        { Metrics: [{ Id: "a", Expression: "1" }] },
        {
          ...Object.fromEntries(["MetricName", "Namespace", "Period", "Statistic"].map((name) => [name, undefined])),
          Metrics: [
            {
              Id: "a",
              MetricStat: { Metric: { Namespace: "Shop", MetricName: "m" }, Period: 60, Stat: "Sum" },
              AccountId: "999999999999",
            },
          ],
        },
        { ComparisonOperator: "LessThanLowerThreshold" },
        { EvaluateLowSampleCountPercentile: "maybe" },
        { MetricName: "Größe" },
        { AlarmName: "wrong\tname" },
        { Statistic: undefined, ExtendedStatistic: "TM90" },
      ]),
      [
        "InvalidParameterValueException",
        ...Array.from({ length: 10 }, () => "ValidationException"),
        "NotImplementedException",
        ...Array.from({ length: 4 }, () => "ValidationException"),
      ],
    );
    const composite = new PutCompositeAlarmCommand({ AlarmName: "both", AlarmRule: "ALARM(a)" });
    assert.equal((await refused(client.send(composite)))[1], 501);
    assert.equal(await stateOf("wrong"), undefined);
  });
});
