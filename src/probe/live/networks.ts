/**
 * Networks of a live probe: what writes them into records, and what keeps its databases up to date. Databases are replaced
 * by renaming a new file over them (geoipupdate), so the folder is watched, not the file; and every minute each is looked
 * at, as not every file system tells of changes.
 */
import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { Log } from '../../base/log.ts';
import { isEnriching } from '../../config/asked.ts';
import type { FlowtapConfig } from '../../config/config.ts';
import { DatabaseFile } from '../../networks/database-file.ts';
import { Enrichment } from '../../networks/enrichment.ts';
import { lookupOf, openEach } from '../../networks/open-networks.ts';
import type { NetworksState } from '../../records/network-state.ts';
import type { Part } from '../part.ts';

const LOOK_MS = 60_000;
/** A file that has not changed for so long is complete. */
const SETTLE_MS = 1000;

type EnrichmentConfig = FlowtapConfig['enrichment'];

/** Other networks that can be gone over to. */
export interface PreparedNetworks {
  commit(): void;
}

export class LiveNetworks implements Part<NetworksState> {
  readonly #log: Log;
  #config: EnrichmentConfig;
  #files: readonly DatabaseFile[];
  #enrichment: Enrichment | undefined;
  #watchers: FSWatcher[] = [];
  #timer: NodeJS.Timeout | undefined;
  #settling: NodeJS.Timeout | undefined;
  /** Looks take their turns. */
  #looking: Promise<void> = Promise.resolve();

  private constructor(config: EnrichmentConfig, files: readonly DatabaseFile[], log: Log) {
    this.#log = log;
    this.#config = config;
    this.#files = files;
    this.#install();
  }

  /** @throws ConfigError with each database that cannot be used */
  static async open({ enrichment }: FlowtapConfig, log: Log): Promise<LiveNetworks> {
    return new LiveNetworks(enrichment, await openFiles(enrichment.databases, []), log);
  }

  /** What writes networks into records; undefined where none are configured. */
  get enrichment(): Enrichment | undefined {
    return this.#enrichment;
  }

  get statistics(): NetworksState {
    return {
      databases: this.#files.map(({ state }) => state),
      ownNetworks: this.#config.networks.length,
      addresses: this.#enrichment?.addresses ?? 0,
      lookups: this.#enrichment?.lookups ?? 0,
    };
  }

  start(): void {
    this.#watch();
  }

  async stop(): Promise<void> {
    this.#unwatch();
    await this.#looking;
  }

  /** Looks at all files now, as somebody said that there is something new. Never rejects: the log tells what is refused. */
  refresh(): Promise<void> {
    return this.#look(true);
  }

  /**
   * Opens what another configuration asks for, beside what is in use.
   * @throws ConfigError with each database that cannot be used
   */
  async prepare({ enrichment }: FlowtapConfig): Promise<PreparedNetworks> {
    const files = await openFiles(enrichment.databases, this.#files);
    return {
      commit: () => {
        this.#config = enrichment;
        this.#files = files;
        this.#install();
        this.#unwatch();
        this.#watch();
      },
    };
  }

  #install(): void {
    const lookup = lookupOf(
      this.#config,
      this.#files.map(({ database }) => database),
    );
    if (!isEnriching(this.#config)) this.#enrichment = undefined;
    else if (this.#enrichment === undefined) this.#enrichment = new Enrichment(lookup);
    else this.#enrichment.replace(lookup);
  }

  #watch(): void {
    if (this.#files.length === 0) return;
    this.#timer = setInterval(() => void this.#look(false), LOOK_MS).unref();
    for (const folder of new Set(this.#files.map(({ file }) => dirname(file)))) {
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#settle());
        watcher.on('error', () => watcher.close());
        this.#watchers.push(watcher);
      } catch {
        // Without it, each minute's look sees what has changed.
      }
    }
  }

  #unwatch(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#settling);
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }

  /** Looks when nothing has happened in the folder for a while. */
  #settle(): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => void this.#look(true), SETTLE_MS).unref();
  }

  #look(isSettled: boolean): Promise<void> {
    const files = this.#files;
    this.#looking = this.#looking.then(() => this.#lookAt(files, isSettled));
    return this.#looking;
  }

  async #lookAt(files: readonly DatabaseFile[], isSettled: boolean): Promise<void> {
    let isTaken = false;
    for (const one of files) {
      const look = await one.look(isSettled);
      if (look.kind === 'changing') this.#settle();
      else if (look.kind === 'refused') {
        const message = `${one.file}: ${look.reason}; the former database stays in use`;
        this.#log.write('error', 'database refused', message, { database: one.file });
      } else if (look.kind === 'taken') {
        isTaken = true;
        const { databaseType, buildEpoch } = one.state;
        const made = new Date(buildEpoch * 1000).toISOString();
        this.#log.write('info', 'database taken', `${one.file}: ${databaseType} of ${made} is in use now`);
      }
    }
    // Another configuration may have come meanwhile, with databases of its own.
    if (isTaken && files === this.#files) this.#install();
  }
}

/** Opens files; those that are open already are taken over. @throws ConfigError with each that cannot be used */
function openFiles(
  names: readonly string[],
  open: readonly DatabaseFile[],
): Promise<readonly DatabaseFile[]> {
  return openEach(
    names,
    async (name) => open.find(({ file }) => file === name) ?? (await DatabaseFile.open(name)),
  );
}
