/** Where the right to capture is missing, the remedy is for the Node that runs, wherever a package has it. */
import { expect, it } from 'vitest';
import { EPERM } from '../../src/sys/linux-constants.ts';
import { captureFault } from '../../src/sys/packet-socket.ts';

it('names the runtime to grant the capability to', () => {
  const { message, remedy } = captureFault('eth1', 'socket', EPERM);
  expect(message).toContain('CAP_NET_RAW is missing');
  expect(remedy).toContain(`setcap cap_net_raw+ep "${process.execPath}"`);
});
