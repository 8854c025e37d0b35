/** What a live probe takes of memory, as a line of its log. */
import { formatCounted, formatOctets } from '../../base/units.ts';
import type { FlowtapConfig } from '../../config/config.ts';
import { applicationParts, networksPart } from '../memory-text.ts';
import type { LivePlan } from './plan.ts';

/** @param networks octets that its networks take */
export function liveMemoryLine(
  plan: LivePlan,
  config: Pick<FlowtapConfig, 'live' | 'enrichment'>,
  networks: number,
): string {
  const { ringOctets, tableOctets, queueOctets, applications, healthOctetsMax, totalOctets } = plan;
  const { blocks, blockOctets } = config.live.ring;
  const ofApplications = applications.inspectionOctets + applications.dnsNameOctets;
  const each = [
    ...(ringOctets === 0
      ? []
      : [
          `ring ${formatOctets(ringOctets)} (${formatCounted(blocks, 'blocks of')} ${formatOctets(blockOctets)})`,
        ]),
    `flow table ${formatOctets(tableOctets - ofApplications)}`,
    ...applicationParts(applications),
    `record queue ${formatOctets(queueOctets)}`,
  ];
  const health =
    healthOctetsMax === 0
      ? []
      : [`path health up to ${formatOctets(healthOctetsMax)} more, as flows need it`];
  const rest = [...health, ...networksPart(config, networks)].map((part) => `; ${part}`);
  // A configuration that is checked need not name interfaces.
  const all = plan.workers.length === 0 ? 'memory' : `memory: ${formatOctets(totalOctets + networks)}`;
  return `${all}; each worker: ${each.join(', ')}${rest.join('')}`;
}
