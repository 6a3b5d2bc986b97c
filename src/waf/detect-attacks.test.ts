// What is taken for an injection of SQL or a script, and above all what is not: texts as people write them.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isSqlInjection } from "./detect-sqli.ts";
import { isCrossSiteScript } from "./detect-xss.ts";

const sqlAttacks = [
  "1 OR 1=1",
  "1' OR '1'='1",
  "' or 1=1--",
  "' OR 'a'='a",
  '" or ""="',
  "admin'--",
  "admin' #",
  "admin'/*",
  "') or ('1'='1",
  "1) or (1=1",
  "1 UNION SELECT username, password FROM users",
  "1' UNION ALL SELECT NULL,NULL,NULL--",
  "-1 union select 1,2,3",
  "1/**/union/**/select/**/1,2",
  "1 /*!50000UNION*/ /*!50000SELECT*/ 1,2",
  "'; DROP TABLE users--",
  "1; DROP TABLE users",
  "1; EXEC xp_cmdshell('dir')",
  "'; WAITFOR DELAY '0:0:5'--",
  "1 AND SLEEP(5)",
  "1' AND SLEEP(5)#",
  "1 and (select count(*) from users) > 0",
  "1' and ascii(substring((select database()),1,1))>64--",
  "1 ORDER BY 10",
  "1' ORDER BY 10--",
  "1' GROUP BY columnnames having 1=1--",
  "' or true--",
  "' || (select password from users limit 1) || '",
  "1 and extractvalue(1,concat(0x7e,version()))",
  "x' AND 1=(SELECT COUNT(*) FROM tabname)--",
  "1 union select @@version",
  "1 or exists(select 1)",
  "' and 1 in (select min(name) from sysobjects)--",
  "1 into outfile '/tmp/x'",
  "1' or not 1=2 -- ",
  "foo' like '%",
  "1 xor 1=1",
];

const sqlHarmless = [
  "",
  "pets",
  "O'Brien",
  "it's a dog's life",
  "rock 'n' roll",
  "Tom and Jerry",
  "cats or dogs",
  "select a colour from the list",
  "please update your profile",
  "the union of workers",
  "drop me a line; thanks",
  "1-2-3",
  "2024-01-02T03:04:05Z",
  "10 and 20",
  "a=b",
  "x > y",
  "5 < 6 and 7",
  "user@example.com",
  "#hashtag",
  "C# and F#",
  "https://example.com/a?b=c&d=e#f",
  "Hello -- how are you?",
  "/prod/pets/7",
  "3' 6\" tall",
  "where are you from?",
  "order by phone",
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)",
  "sort=name&limit=20&filter=color",
  '{"name": "Rex", "age": 3, "tags": ["a", "b"]}',
  "He said 'hello' and left",
  "don't or won't",
  "100%",
  "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def_ghi",
];

const scripts = [
  "<script>alert(1)</script>",
  "<SCRIPT SRC=//evil.example/x.js>",
  "<script/x>alert(1)",
  "<img src=x onerror=alert(1)>",
  "<img/src=x/onerror=alert(1)>",
  "<svg onload=alert(1)>",
  "<svg/onload=alert(1)",
  "<body onload=alert(1)>",
  "<iframe src=javascript:alert(1)>",
  '<a href="javascript:alert(1)">x</a>',
  "<a href='jav&#x61;script:alert(1)'>x</a>",
  '<a href="java\tscript:alert(1)">x</a>',
  '<a href=" &#14; javascript:alert(1)">',
  "<a href=data:text/html;base64,PHNjcmlwdD4=>",
  '" onmouseover="alert(1)',
  "' onfocus='alert(1)' autofocus='",
  '"><script>alert(1)</script>',
  "x onmouseover=alert(1)",
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  '<object data="data:text/html,x">',
  '<math><mi xlink:href="javascript:alert(1)">',
  '<div style="width: expression(alert(1))">',
  "<input formaction=javascript:alert(1)>",
  '<meta http-equiv=refresh content="0;url=javascript:alert(1)">',
  "<!--[if gte IE 4]><script>",
  "<details open ontoggle=alert(1)>",
  "<xss id=x tabindex=1 onfocus=alert(1)>",
  "<a/href=vbscript:x>",
  "<video poster=javascript:alert(1)>",
];

const pages = [
  "",
  "pets",
  "a < b and c > d",
  "I <3 you",
  "<b>bold</b> and <i>italic</i>",
  '<p class="x">text</p>',
  "x<y>z",
  "price: 5 on sale = yes",
  "turn the light on = true?",
  "https://example.com/a?b=c",
  "java script: the good parts",
  "JavaScript is fun",
  "on = off",
  '{"on": true, "one": 1}',
  '<a href="https://example.com">x</a>',
  "5 > 3",
  "<pets@example.com>",
  "data: see below",
  "a=\"b\" c='d'",
  "online=yes",
  "<https://example.com>",
];

describe("injections of SQL", () => {
  it("are detected", () =>
    assert.deepEqual(
      sqlAttacks.filter((text) => !isSqlInjection(text, "LOW")),
      [],
    ));
  it("are detected under HIGH as well", () =>
    assert.deepEqual(
      sqlAttacks.filter((text) => !isSqlInjection(text, "HIGH")),
      [],
    ));
  it("are told from texts", () =>
    assert.deepEqual(
      sqlHarmless.filter((text) => isSqlInjection(text, "LOW")),
      [],
    ));
});

describe("cross-site scripting", () => {
  it("is detected", () =>
    assert.deepEqual(
      scripts.filter((text) => !isCrossSiteScript(text)),
      [],
    ));
  it("is told from texts", () => assert.deepEqual(pages.filter(isCrossSiteScript), []));
});
