/** What a network does to messages: how often each thing happens to one, a share in [0, 1], and how long messages take. */
export type Weather = {
  /** The server never gets it; the device hears of a failed network. */
  requestLost: number
  /** The server has done it, and its answer is lost. */
  responseLost: number
  /** The server gets it twice. */
  repeated: number
  /** The server gets it again later, after others. */
  repeatedLate: number
  /** It reaches the server after the device's next one; the device hears that it was lost. */
  reordered: number
  /** The answer ends in the middle. */
  cutShort: number
  /** Something else answers, as a captive portal does, or the bytes are damaged. */
  corrupted: number
  /** No answer ever comes. */
  halfOpen: number
  /** The stream of pokes ends after a while. */
  streamCut: number
  /** Longest delay of each direction, in milliseconds; each message draws its own. */
  delayMs: number
}

/** What can happen to a single message. */
export type Mishap = Exclude<keyof Weather, 'delayMs'>

/** What a network does to a device's messages, as it is told. */
export type NetworkFault =
  | 'request lost'
  | 'response lost'
  | 'delayed'
  | 'repeated'
  | 'repeated late'
  | 'reordered'
  | 'cut short'
  | 'corrupted'
  | 'half-open'
  | 'stream cut'

/** A network to which nothing happens, without delay. */
export const FAIR: Weather = {
  requestLost: 0,
  responseLost: 0,
  repeated: 0,
  repeatedLate: 0,
  reordered: 0,
  cutShort: 0,
  corrupted: 0,
  halfOpen: 0,
  streamCut: 0,
  delayMs: 0,
}
