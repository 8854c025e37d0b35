/** How databases of networks are: what metrics and the status tell. Shapes only. */

export interface NetworkDatabaseState {
  readonly file: string;
  /** `GeoLite2-ASN`, … */
  readonly databaseType: string;
  /** When it was made, Unix time in seconds; 0: it does not say. */
  readonly buildEpoch: number;
  readonly loadedAtMs: number;
  /** Octets of the file, all of them in memory, and nodes of its search tree. */
  readonly octets: number;
  readonly nodes: number;
  /** Files that were to replace it and could not be used. */
  readonly refused: number;
  /** Data of addresses that broke the rules of the format. */
  readonly faults: number;
}

export interface NetworksState {
  readonly databases: readonly NetworkDatabaseState[];
  /** Networks of the user's own. */
  readonly ownNetworks: number;
  /** Addresses of flow records that were asked for, and those of them that were in no table yet. */
  readonly addresses: number;
  readonly lookups: number;
}
