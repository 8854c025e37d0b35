/**
 * Runs a program of classic BPF on a frame, by the BSD Packet Filter's paper (McCanne and Jacobson, 1993, §3.2) and the kernel's
 * Documentation/networking/filter.rst. Independent of the code under test. What the kernel knows besides the frame
 * (SKF_AD_…) is not there.
 */

const WORDS_OF_MEMORY = 16;

interface Machine {
  a: number;
  x: number;
  readonly memory: Uint32Array;
}

/** A load from the frame; undefined from behind its end. */
function load(frame: DataView, at: number, size: number): number | undefined {
  const octets = size === 0x00 ? 4 : size === 0x08 ? 2 : 1;
  if (at + octets > frame.byteLength) return undefined;
  return octets === 4 ? frame.getUint32(at) : octets === 2 ? frame.getUint16(at) : frame.getUint8(at);
}

function operate(code: number, a: number, b: number): number {
  switch (code & 0xf0) {
    case 0x00:
      return (a + b) >>> 0;
    case 0x50:
      return (a & b) >>> 0;
    case 0x60:
      return (a << b) >>> 0;
    case 0x70:
      return a >>> b;
    default:
      throw new RangeError(`operation ${code}`);
  }
}

function compares(code: number, a: number, b: number): boolean {
  switch (code & 0xf0) {
    case 0x10:
      return a === b;
    case 0x20:
      return a > b;
    case 0x30:
      return a >= b;
    case 0x40:
      return (a & b) !== 0;
    default:
      throw new RangeError(`comparison ${code}`);
  }
}

/** Loads into A or X. @returns false where the program ends as the frame does */
function loadRegister(machine: Machine, code: number, k: number, frame: DataView): boolean {
  let value: number | undefined;
  if ((code & 0xe0) === 0x00) value = k;
  else if ((code & 0xe0) === 0x20) value = load(frame, k, code & 0x18);
  else if ((code & 0xe0) === 0x40) value = load(frame, machine.x + k, code & 0x18);
  else if ((code & 0xe0) === 0x60) value = machine.memory[k]!;
  else if ((code & 0xe0) === 0x80) value = frame.byteLength;
  else throw new RangeError(`load ${code}`);
  if (value === undefined) return false;
  if ((code & 7) === 0) machine.a = value;
  else machine.x = value;
  return true;
}

/**
 * @param program struct sock_filter one after the other
 * @returns octets that are kept, 0 for a frame that is dropped
 * @throws RangeError for instructions that are not known here, and where a program does not end
 */
export function runClassicBpf(program: Uint8Array, octets: Uint8Array): number {
  const view = new DataView(program.buffer, program.byteOffset, program.length);
  const frame = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const machine: Machine = { a: 0, x: 0, memory: new Uint32Array(WORDS_OF_MEMORY) };
  for (let at = 0; at < program.length; at += 8) {
    const code = view.getUint16(at, true);
    const k = view.getUint32(at + 4, true);
    switch (code & 7) {
      case 0:
      case 1:
        if (!loadRegister(machine, code, k, frame)) return 0;
        break;
      case 2:
        machine.memory[k] = machine.a;
        break;
      case 3:
        machine.memory[k] = machine.x;
        break;
      case 4:
        machine.a = operate(code, machine.a, (code & 8) === 0 ? k : machine.x);
        break;
      case 5: {
        const isAlways = (code & 0xf0) === 0;
        const isTrue = !isAlways && compares(code, machine.a, (code & 8) === 0 ? k : machine.x);
        at += 8 * (isAlways ? k : view.getUint8(at + (isTrue ? 2 : 3)));
        break;
      }
      case 6:
        return (code & 0x18) === 0 ? k : machine.a;
      default:
        if (code === 0x07) machine.x = machine.a;
        else machine.a = machine.x;
    }
  }
  throw new RangeError('the program does not end');
}
