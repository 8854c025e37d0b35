/**
 * LINKTYPE_ numbers (https://www.tcpdump.org/linktypes.html) of live captures: by ARPHRD_ number for packet sockets, by
 * DLT_ number for libpcap, whose numbers differ from LINKTYPE_ in a few places.
 */
import * as linux from '../sys/linux-constants.ts';

export const LINKTYPE_ETHERNET = 1;
const LINKTYPE_IEEE802_11 = 105;
export const LINKTYPE_RAW = 101;
const LINKTYPE_IEEE802_11_PRISM = 119;
const LINKTYPE_IEEE802_11_RADIOTAP = 127;
const DLT_RAW = 12;

/** What a raw packet socket reads from an interface of this kind starts with; undefined for one that carries no IP. */
export function linkTypeOfHardware(arphrd: number): number | undefined {
  switch (arphrd) {
    case linux.ARPHRD_ETHER:
    case linux.ARPHRD_LOOPBACK:
      return LINKTYPE_ETHERNET;
    case linux.ARPHRD_NONE:
    case linux.ARPHRD_RAWIP:
    case linux.ARPHRD_TUNNEL:
    case linux.ARPHRD_TUNNEL6:
    case linux.ARPHRD_SIT:
    case linux.ARPHRD_IPGRE:
    case linux.ARPHRD_IP6GRE:
    case linux.ARPHRD_PPP:
      return LINKTYPE_RAW;
    case linux.ARPHRD_IEEE80211:
      return LINKTYPE_IEEE802_11;
    case linux.ARPHRD_IEEE80211_PRISM:
      return LINKTYPE_IEEE802_11_PRISM;
    case linux.ARPHRD_IEEE80211_RADIOTAP:
      return LINKTYPE_IEEE802_11_RADIOTAP;
    default:
      return undefined;
  }
}

/** LINKTYPE_ of a DLT_ of Linux' libpcap. */
export function linkTypeOfDlt(dlt: number): number {
  return dlt === DLT_RAW ? LINKTYPE_RAW : dlt;
}

/** DLT_ of Linux' libpcap for a LINKTYPE_. */
export function dltOfLinkType(linkType: number): number {
  return linkType === LINKTYPE_RAW ? DLT_RAW : linkType;
}
