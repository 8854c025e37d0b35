/**
 * What options of pcapng blocks tell besides packets: the frame check sequence of one frame, and packets that were lost
 * when the capture was made (draft-ietf-opsawg-pcapng §4.3 epb_flags and epb_dropcount, §4.6 isb_ifdrop and isb_osdrop).
 */

const OPTION_END = 0;
const EPB_FLAGS = 2;
const EPB_DROPCOUNT = 4;
const ISB_IFDROP = 5;
const ISB_OSDROP = 7;
/** In epb_flags. */
const CHECK_OCTETS_SHIFT = 5;
const CHECK_OCTETS_MASK = 0xf;

/** What a packet's options say; kept between packets. */
export interface PacketOptions {
  /** Octets of the frame check sequence; 0: they say nothing. */
  checkOctets: number;
  /** Packets lost since the one before at the same interface. */
  drops: number;
}

/** @param from the first option; `end`: behind the last one. Options that do not fit are left out */
export function readPacketOptions(
  view: DataView,
  from: number,
  end: number,
  littleEndian: boolean,
  to: PacketOptions,
): void {
  to.checkOctets = to.drops = 0;
  for (let at = from; at + 4 <= end; ) {
    const code = view.getUint16(at, littleEndian);
    const length = view.getUint16(at + 2, littleEndian);
    const value = at + 4;
    if (code === OPTION_END || value + length > end) return;
    if (code === EPB_FLAGS && length >= 4) {
      to.checkOctets = (view.getUint32(value, littleEndian) >>> CHECK_OCTETS_SHIFT) & CHECK_OCTETS_MASK;
    } else if (code === EPB_DROPCOUNT && length >= 8)
      to.drops = Number(view.getBigUint64(value, littleEndian));
    at = value + ((length + 3) & ~3);
  }
}

/** Packets that the interface and the system dropped since the capture began, as an Interface Statistics Block says. */
export function readStatisticsDrops(
  view: DataView,
  from: number,
  end: number,
  littleEndian: boolean,
): number {
  let drops = 0;
  for (let at = from; at + 4 <= end; ) {
    const code = view.getUint16(at, littleEndian);
    const length = view.getUint16(at + 2, littleEndian);
    const value = at + 4;
    if (code === OPTION_END || value + length > end) break;
    if ((code === ISB_IFDROP || code === ISB_OSDROP) && length >= 8) {
      drops += Number(view.getBigUint64(value, littleEndian));
    }
    at = value + ((length + 3) & ~3);
  }
  return drops;
}
