/** The changelog at a release (keepachangelog.com, semver.org): which versions it has, and the next one's heading in it. */

import { UsageError } from './script.ts';

/** A fault of what the operator of a release gave or left. */
export class ReleaseError extends UsageError {}

/** A version with three numbers (SemVer 2.0.0 §2); what is behind a `-` is for npm alone, and Debian would sort it last. */
const VERSION = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/;
const UNRELEASED = '## Unreleased';

/** @returns negative, 0 or positive, as `a` is older, the same or newer */
function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  const differences = left!.map((number, i) => number - right![i]!);
  return differences.find((difference) => difference !== 0) ?? 0;
}

/**
 * @param changelog its text
 * @param current what package.json says; it may be released itself where no heading of the changelog has it
 * @throws ReleaseError for a version that cannot be the next one
 */
export function checkNextVersion(version: string, changelog: string, current: string): void {
  if (!VERSION.test(version)) {
    throw new ReleaseError(
      `found version '${version}'; allowed: MAJOR.MINOR.PATCH (semver.org), as in 1.2.0`,
    );
  }
  const released = [...changelog.matchAll(/^## (\d+\.\d+\.\d+) /gm)].map(([, found]) => found!);
  const newest = released.sort(compareVersions).at(-1);
  if (newest !== undefined && compareVersions(version, newest) <= 0) {
    throw new ReleaseError(
      `found version ${version}; allowed: above ${newest}, which CHANGELOG.md has already`,
    );
  }
  if (compareVersions(version, current) < 0) {
    throw new ReleaseError(`found version ${version}; allowed: ${current} of package.json or above`);
  }
}

/**
 * Puts a heading with version and date between `Unreleased` and what stands below it.
 * @param date as YYYY-MM-DD
 * @throws ReleaseError where nothing stands below it
 */
export function datedChangelog(changelog: string, version: string, date: string): string {
  const at = changelog.indexOf(`${UNRELEASED}\n`);
  if (at < 0)
    throw new ReleaseError(`CHANGELOG.md has no heading '${UNRELEASED}': add it above the newest one`);
  const rest = changelog.slice(at + UNRELEASED.length + 1);
  const [section] = rest.split(/^## /m, 1);
  if (!/^\s*[-*] \S/m.test(section!)) {
    throw new ReleaseError(`CHANGELOG.md has no line below '${UNRELEASED}': say there what operators get`);
  }
  return `${changelog.slice(0, at)}${UNRELEASED}\n\n## ${version} - ${date}\n${rest}`;
}
