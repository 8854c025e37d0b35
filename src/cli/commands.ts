/** The commands of flowtap, one row each. What a command does is loaded when it runs. */

import type { Command } from './command.ts';
import { ALIASES, CTL_FLAGS, CTL_WORDS } from './ctl-flags.ts';
import { DIAGNOSE_FLAGS } from './diagnose-flags.ts';
import { checkedListingForm, LISTING } from './flag-values.ts';
import { GENERATE_FLAGS } from './generate-flags.ts';
import { COUNT_FLAGS, REPLAY_FLAGS, RUN_FLAGS } from './metering-flags.ts';
import { TOP_FLAGS } from './top-flags.ts';

export const COMMANDS: readonly Command[] = [
  {
    name: 'run',
    usage: '-i NAME... [-e URL]... [-c FILE]',
    summary: 'Meter live interfaces around the clock, export the flows, serve metrics',
    operands: { name: '', min: 0, max: 0 },
    flags: RUN_FLAGS,
    examples: [
      ['flowtap run -i eth1 -e ipfix://192.0.2.1', 'a mirror port'],
      ['flowtap run -c /etc/flowtap/flowtap.yaml', 'as a service does'],
    ],
    run: async (args) => {
      const { run } = await import('./run.ts');
      return run(args, async () => (await import('../probe/live/probe.ts')).startLiveProbe);
    },
  },
  {
    name: 'replay',
    usage: 'FILE... [-e URL]... [-o table|json|csv|none]',
    summary: 'Meter capture files (pcap, pcapng, .gz; - for stdin) and export the flows',
    operands: { name: 'FILE', min: 1, max: Number.POSITIVE_INFINITY },
    flags: REPLAY_FLAGS,
    examples: [
      ['flowtap replay office.pcapng', 'the busiest flows of a capture'],
      ['flowtap replay day*.pcap.gz -e ipfix://192.0.2.1 -o none', 'send them to a collector'],
      ['tcpdump -w - | flowtap replay - -o json | jq .', 'one JSON object for each flow'],
    ],
    run: async (args) => {
      const { replay } = await import('./replay.ts');
      return replay(args, async () => (await import('../probe/replay/probe.ts')).runReplay);
    },
  },
  {
    name: 'diagnose',
    usage: 'FILE... | --live -i IFACE [-o table|json] [--html FILE]',
    summary: 'Tell what the network did to each flow: loss, delay, stalls, windows',
    operands: { name: 'FILE', min: 0, max: Number.POSITIVE_INFINITY },
    flags: DIAGNOSE_FLAGS,
    examples: [
      ['flowtap diagnose transfer.pcapng', 'why was it slow?'],
      ['flowtap diagnose day*.gz --address 192.0.2.0/24 --html report.html', 'a page with charts'],
      ['flowtap diagnose --live -i eth1 --duration 10m', 'what goes by in ten minutes'],
      ["flowtap diagnose x.pcap -o json | jq 'select(.lostShare > 0.001)'", 'each direction of each flow'],
    ],
    run: async (args) => {
      const { diagnose } = await import('./diagnose.ts');
      return diagnose(args, {
        replay: async () => (await import('../probe/replay/probe.ts')).runReplay,
        live: async () => (await import('../probe/live/probe.ts')).startLiveProbe,
      });
    },
  },
  {
    name: 'count',
    usage: '-i NAME [--duration TIME] [-o table|json]',
    summary: 'Count and discard the packets of a live interface: a baseline of capture',
    operands: { name: '', min: 0, max: 0 },
    flags: COUNT_FLAGS,
    examples: [['flowtap count -i eth0 --duration 10s', 'packets, bits and drops, a line a second']],
    run: async (args) => {
      const { count } = await import('./count.ts');
      return count(args, async () => (await import('../probe/live/count.ts')).countLive);
    },
  },
  {
    name: 'check-config',
    usage: 'FILE [--print]',
    summary: 'Check a configuration file and name all of its faults, with their lines',
    operands: { name: 'FILE', min: 1, max: 1 },
    flags: [{ name: 'print', letter: 'p', help: 'Print the effective configuration, defaults included' }],
    examples: [['flowtap check-config config/flowtap.yaml --print', 'what is in effect']],
    run: async (args) => (await import('./check-config.ts')).checkConfig(args),
  },
  {
    name: 'ctl',
    usage: 'WORD [--json]',
    summary: 'Ask a running daemon how it is and what it meters, or tell it what to do',
    operands: { name: 'WORD', min: 1, max: 2, words: [...CTL_WORDS, ...Object.keys(ALIASES)] },
    flags: CTL_FLAGS,
    examples: [
      ['flowtap ctl status', 'what came, what was lost and why'],
      ['flowtap ctl flows --sort rate -n 10', 'the fastest flows of now'],
      ['flowtap ctl set metering.idleTimeout=30s', 'until the configuration is read again'],
      ['flowtap ctl export-all', 'and templates, pause, resume, reload, stop'],
    ],
    run: async (args) => (await import('./ctl.ts')).ctl(args),
  },
  {
    name: 'top',
    usage: '[FILE...] [-i NAME] [--sort MEASURE]',
    summary: 'Show rates, losses and the greatest flows of now in a terminal',
    operands: { name: 'FILE', min: 0, max: Number.POSITIVE_INFINITY },
    flags: TOP_FLAGS,
    examples: [
      ['flowtap top', 'what the daemon meters; h shows the keys'],
      ['flowtap top -i eth1', 'an interface, without a daemon'],
      ['flowtap top day.pcap --speed 10', 'a capture, ten times as fast'],
      ['flowtap top -n 1 | head', 'once, as plain text'],
    ],
    run: async (args) => {
      const { top } = await import('./top.ts');
      return top(args, {
        replay: async () => (await import('../probe/replay/probe.ts')).runReplay,
        live: async () => (await import('../probe/live/probe.ts')).startLiveProbe,
      });
    },
  },
  {
    name: 'interfaces',
    usage: '[-o table|json]',
    summary: 'List the network interfaces of this machine',
    operands: { name: '', min: 0, max: 0 },
    flags: [LISTING],
    examples: [['flowtap interfaces', 'their numbers, names, states and addresses']],
    run: async (args) => {
      const form = checkedListingForm(args);
      return (await import('./interfaces.ts')).interfaces(form);
    },
  },
  {
    name: 'elements',
    usage: '[NAME] [-o table|json]',
    summary: 'List the information elements that templates can hold, or show one of them',
    operands: { name: 'NAME', min: 0, max: 1 },
    flags: [LISTING],
    examples: [
      ['flowtap elements', 'all of them, with number, type and unit'],
      ['flowtap elements octetDeltaCount', 'what one means'],
    ],
    run: async (args) => {
      const form = checkedListingForm(args);
      return (await import('./elements.ts')).elements(args.operands[0], form);
    },
  },
  {
    name: 'generate',
    usage: '-i IFACE | -w FILE [OPTION]...',
    summary: 'Load a link with packets, or write them to a capture file',
    operands: { name: '', min: 0, max: 0 },
    flags: GENERATE_FLAGS,
    examples: [
      ['flowtap generate -i veth0 --rate 1M --flows 100k', 'a million small packets a second'],
      ['flowtap generate -w x.pcap -n 1k --source 10.0.0.0/24', 'a thousand packets of 254 flows'],
      ['flowtap generate -i veth0 -r day.pcap --speed 10', 'a capture, ten times as fast'],
    ],
    run: async (args) => (await import('./generate.ts')).generateCommand(args),
  },
];
