/**
 * Whether this process is in a network namespace that was made on purpose, where a flood harms nobody. It has been put
 * there if it is in another namespace than the first process of the system and a forebear of it still is in that one. In
 * a container the first process is the container's, and its namespace is the one that leads out. A container that shows
 * the processes of its host has forebears there, too, but in another control group: those do not count. Where the
 * system does not tell, the answer is no.
 *
 * Namespaces are compared by the inode of /proc/PID/net/dev, which is the namespace's own: unlike the link
 * /proc/PID/ns/net, it can be read without permission to trace the process.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';

/** @throws Error where Linux does not show the process */
function namespaceOf(procRoot: string, pid: number | 'self'): number {
  return statSync(`${procRoot}/${pid}/net/dev`).ino;
}

function parentOf(procRoot: string, pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`${procRoot}/${pid}/status`, 'utf8'))?.[1] ?? 0);
}

function hasForebearIn(procRoot: string, namespace: number, parentPid: number): boolean {
  const group = readFileSync(`${procRoot}/self/cgroup`, 'utf8');
  for (let pid = parentPid; pid > 0; pid = parentOf(procRoot, pid)) {
    const isOurs = readFileSync(`${procRoot}/${pid}/cgroup`, 'utf8') === group;
    if (isOurs && namespaceOf(procRoot, pid) === namespace) return true;
  }
  return false;
}

/**
 * @param interfaceName one that sends
 * @param system where Linux shows its processes and interfaces, and the parent of this process; for tests
 * @returns undefined if frames stay within a namespace of its own, or why that cannot be said
 */
export function whyNotIsolated(
  interfaceName: string,
  system = { procRoot: '/proc', interfacesRoot: '/sys/class/net', parentPid: process.ppid },
): string | undefined {
  const { procRoot, interfacesRoot, parentPid } = system;
  try {
    const first = namespaceOf(procRoot, 1);
    if (namespaceOf(procRoot, 'self') === first) {
      return 'it is in the network namespace of the system or container itself';
    }
    if (!hasForebearIn(procRoot, first, parentPid)) {
      return 'the network namespace may be that of a container or service, which leads out';
    }
  } catch {
    return 'the network namespace cannot be compared with that of process 1';
  }
  // An adapter that was moved into the namespace still has a cable.
  if (existsSync(`${interfacesRoot}/${interfaceName}/device`)) return 'it is a hardware adapter';
  return undefined;
}
