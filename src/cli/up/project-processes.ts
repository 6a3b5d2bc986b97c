import { resolve } from "node:path";
import { ProcessFailure, type ProcessOptions, type RunningProcess, startProcess } from "./processes.ts";
import type { ProcessSettings } from "./project.ts";
import type { Problem } from "./source-text.ts";

interface Entry {
  readonly settings: string;
  readonly running: RunningProcess;
}

/**
 * The backends of `processes:` in portico.yaml. One that is started again runs on until the new one listens and the
 * stage's variables lead to it (`retire`).
 */
export class ProjectProcesses {
  readonly #options: ProcessOptions;
  readonly #entries = new Map<string, Entry>();
  /** The settings that could not be started, by name: they are tried again when they or the files change. */
  readonly #failed = new Map<string, string>();
  readonly #retired: RunningProcess[] = [];
  readonly #ending = new Set<Promise<void>>();

  constructor(options: ProcessOptions) {
    this.#options = options;
  }

  /** `host:port` by name: the stage variables. */
  get addresses(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#entries].map(([name, { running }]) => [name, running.address]));
  }

  /**
   * Starts what is new or changed, and starts again what has changed files. A process that can't be started in place of a
   * running one is a problem, and that one goes on; one that never ran rejects with its failure.
   */
  async update(
    wanted: Readonly<Record<string, ProcessSettings>>,
    isChanged: (folder: string) => boolean,
  ): Promise<{ readonly changed: readonly string[]; readonly problems: readonly Problem[] }> {
    const changed: string[] = [];
    const problems: Problem[] = [];
    for (const [name, { running }] of this.#entries) {
      if (wanted[name] !== undefined) continue;
      this.#entries.delete(name);
      this.#retired.push(running);
    }
    for (const [name, settings] of Object.entries(wanted)) {
      const text = JSON.stringify(settings);
      const before = this.#entries.get(name);
      const hasChangedFiles = isChanged(resolve(this.#options.projectFolder, settings.folder ?? "."));
      if (!hasChangedFiles && (before?.settings === text || this.#failed.get(name) === text)) continue;
      try {
        const running = await this.#start(name, settings, before);
        this.#failed.delete(name);
        this.#entries.set(name, { settings: text, running });
        changed.push(`process ${name}`);
      } catch (error) {
        if (before === undefined || !(error instanceof ProcessFailure)) throw error;
        this.#failed.set(name, text);
        const { what, why } = error;
        const isOn = this.#entries.has(name);
        problems.push({ severity: "error", message: `${what} ${why}${isOn ? " The one before it goes on." : ""}` });
      }
    }
    return { changed, problems };
  }

  async #start(name: string, settings: ProcessSettings, before: Entry | undefined): Promise<RunningProcess> {
    const start = (): Promise<RunningProcess> => startProcess(name, settings, this.#options);
    try {
      const running = await start();
      if (before !== undefined) this.#retired.push(before.running);
      return running;
    } catch (error) {
      // It also wants a port of its own, which the old one has.
      if (before === undefined || !(error instanceof ProcessFailure && error.isPortTaken)) throw error;
      this.#entries.delete(name);
      await before.running.close();
      return start();
    }
  }

  /** Begins to end those that nothing leads to any more. */
  retire(): void {
    for (const running of this.#retired.splice(0)) {
      const ending: Promise<void> = running.close().finally(() => this.#ending.delete(ending));
      this.#ending.add(ending);
    }
  }

  async close(): Promise<void> {
    for (const { running } of this.#entries.values()) this.#retired.push(running);
    this.#entries.clear();
    this.retire();
    await Promise.all(this.#ending);
  }
}
