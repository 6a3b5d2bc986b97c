import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadModel, type ModelName } from "./model.ts";
import { iamPaging, lambdaPaging, type PagingDialect, page, pageAnswer, restPaging } from "./paging.ts";

const letters = [..."abcdefghij"];
const self = (item: string): string => item;

describe("a page", () => {
  it("goes on where the one before ended, to the end", () => {
    const seen: string[] = [];
    let token: string | undefined;
    do {
      const found = page(letters, self, { limit: 3, token }, restPaging);
      seen.push(...found.items);
      token = found.next;
    } while (token !== undefined);
    assert.deepEqual(seen, letters);
  });

  it("goes on after an item that was deleted meanwhile", () => {
    const { next } = page(letters, self, { limit: 3 }, restPaging);
    const rest = letters.filter((letter) => letter !== "c");
    assert.deepEqual(page(rest, self, { limit: 2, token: next }, restPaging).items, ["d", "e"]);
  });

  it("that ends exactly at the end is the last", () => {
    assert.equal(page(letters, self, { limit: 10 }, restPaging).next, undefined);
    assert.equal(page([], self, {}, restPaging).next, undefined);
  });

  it("has the service's default and maximum", () => {
    const many = Array.from({ length: 600 }, (_, index) => String(index).padStart(4, "0"));
    assert.equal(page(many, self, {}, restPaging).items.length, 25);
    assert.equal(page(many, self, { limit: 10_000 }, restPaging).items.length, 500);
    assert.equal(page(many, self, { limit: 10_000 }, lambdaPaging).items.length, 50);
  });

  it("is refused for a token of somebody else's or a limit below one", () => {
    for (const token of ["x", "!!", "MTph=", "a".repeat(100_000), "__proto__"]) {
      assert.throws(() => page(letters, self, { token }, restPaging), { code: "BadRequestException" });
    }
    assert.throws(() => page(letters, self, { limit: 0 }, lambdaPaging), { code: "InvalidParameterValueException" });
  });
});

describe("a dialect", () => {
  const dialects: Readonly<Partial<Record<ModelName, PagingDialect>>> = {
    apigateway: restPaging,
    lambda: lambdaPaging,
    iam: iamPaging,
  };

  it("names its members as its service's model does", () => {
    for (const [name, { members }] of Object.entries(dialects)) {
      const paginators = Object.values(loadModel(name as ModelName).operations).flatMap(({ paginator }) =>
        paginator === undefined ? [] : [paginator],
      );
      assert.ok(paginators.length > 0, name);
      for (const { limit_key, input_token, output_token, more_results } of paginators) {
        assert.deepEqual(
          [limit_key, input_token, output_token, more_results],
          [members.limit, members.token, members.next, members.more],
          name,
        );
      }
    }
  });

  it("answers a page with the members that it names", () => {
    assert.deepEqual(pageAnswer({ items: [1], next: "t" }, restPaging), { items: [1], position: "t" });
    assert.deepEqual(pageAnswer({ items: [1], next: undefined }, restPaging), { items: [1] });
    const roles = { Roles: [], IsTruncated: false };
    assert.deepEqual(pageAnswer({ items: [], next: undefined }, iamPaging, "Roles"), roles);
  });
});
