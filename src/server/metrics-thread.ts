import { workerData } from "node:worker_threads";
import type { CloudWatchStart } from "../services/cloudwatch/cloudwatch-service.ts";
import { CloudWatchWork } from "../services/cloudwatch/cloudwatch-work.ts";
import { MetricStore } from "../services/cloudwatch/metric-store.ts";
import { runServiceThread } from "./run-service-thread.ts";
import { ServerClock } from "./server-clock.ts";

const start = workerData as CloudWatchStart;
runServiceThread(
  (post) => new CloudWatchWork(new MetricStore(start), new ServerClock(start.clock), post),
  ({ points, dropped }) => ({ held: points.length, dropped }),
);
