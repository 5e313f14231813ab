/**
 * Images of a running PGlite: its whole state, to go back to within milliseconds.
 *
 * A plan must find Postgres as every other plan found it, to the last xid, and a restore from a backup must make xids
 * run again; starting PGlite anew would take seconds. Its state is wasm memory, the files of Emscripten's file system
 * in memory, and the table of open files. Between two transactions nothing of it lives on a stack, so putting all three
 * back is going back in time. Memory is kept and compared in pages of 64 KiB: a tenth of the 128 MB is ever touched, and
 * comparing costs a third of copying.
 *
 * Knows Emscripten's `FS` (nodes, name table, streams) by its field names, which the type below lists; nothing of SQL.
 */
import type { PGlite } from '@electric-sql/pglite'

const PAGE_BYTES = 1 << 16

type FileNode = {
  mode: number
  name: string
  parent: FileNode
  contents: Int8Array | Uint8Array | { [name: string]: FileNode } | null
  usedBytes: number
  name_next: FileNode | null | undefined
}

type Stream = { fd: number | null; node: FileNode; shared: object }

type FileSystem = {
  root: FileNode
  nameTable: (FileNode | null | undefined)[]
  streams: (Stream | null | undefined)[]
  nextInode: number
  isDir(mode: number): boolean
}

type Machine = { HEAPU8: Uint8Array; FS: FileSystem }

type SavedNode = Pick<FileNode, 'mode' | 'name' | 'parent' | 'usedBytes' | 'name_next' | 'contents'> & {
  node: FileNode
  bytes: Uint8Array | null
}

export type PostgresImage = {
  /** By page number; a page that is not here was zero. */
  pages: Map<number, Uint8Array>
  nodes: SavedNode[]
  nameTable: FileSystem['nameTable']
  streams: { stream: Stream; fd: number | null; node: FileNode; shared: object }[]
  streamCount: number
  nextInode: number
}

/** Between two transactions only. */
export function takeImage(pglite: PGlite): PostgresImage {
  const { HEAPU8, FS } = machineOf(pglite)
  return {
    pages: usedPages(HEAPU8),
    nodes: allNodes(FS).map((node) => saveNode(node)),
    nameTable: [...FS.nameTable],
    streams: FS.streams.flatMap((stream) =>
      stream ? { stream, fd: stream.fd, node: stream.node, shared: { ...stream.shared } } : [],
    ),
    streamCount: FS.streams.length,
    nextInode: FS.nextInode,
  }
}

/** Between two transactions only. The image can be gone back to again. */
export function restoreImage(pglite: PGlite, image: PostgresImage): void {
  const { HEAPU8, FS } = machineOf(pglite)
  restorePages(HEAPU8, image.pages)
  for (const saved of image.nodes) restoreNode(saved)
  FS.nameTable.splice(0, FS.nameTable.length, ...image.nameTable)
  FS.streams.splice(0, FS.streams.length, ...Array.from({ length: image.streamCount }, () => null))
  for (const { stream, fd, node, shared } of image.streams) {
    Object.assign(stream, { fd, node, shared: { ...shared } })
    if (fd !== null) FS.streams[fd] = stream
  }
  FS.nextInode = image.nextInode
}

function machineOf(pglite: PGlite): Machine {
  return pglite.Module as unknown as Machine // its types leave out what is taken here
}

const ZERO = new Uint8Array(PAGE_BYTES)

function pageAt(memory: Uint8Array, page: number): Buffer {
  return Buffer.from(memory.buffer, memory.byteOffset + page * PAGE_BYTES, PAGE_BYTES)
}

function usedPages(memory: Uint8Array): PostgresImage['pages'] {
  const pages: PostgresImage['pages'] = new Map()
  for (let page = 0; page < memory.length / PAGE_BYTES; page++) {
    const live = pageAt(memory, page)
    if (!live.equals(ZERO)) pages.set(page, Uint8Array.from(live))
  }
  return pages
}

function restorePages(memory: Uint8Array, pages: PostgresImage['pages']): void {
  for (let page = 0; page < memory.length / PAGE_BYTES; page++) {
    const live = pageAt(memory, page)
    const was = pages.get(page) ?? ZERO
    if (!live.equals(was)) live.set(was)
  }
}

function allNodes(fs: FileSystem): FileNode[] {
  const found = new Set<FileNode>([fs.root])
  for (const node of found) {
    if (!fs.isDir(node.mode) || node.contents === null || ArrayBuffer.isView(node.contents)) continue
    for (const child of Object.values(node.contents)) found.add(child)
  }
  return [...found]
}

function saveNode(node: FileNode): SavedNode {
  const { mode, name, parent, usedBytes, name_next, contents } = node
  const isFile = ArrayBuffer.isView(contents)
  const kept = isFile || contents === null ? contents : { ...contents }
  const bytes = isFile ? Uint8Array.from(bytesOf(contents, usedBytes)) : null
  return { node, mode, name, parent, usedBytes, name_next, contents: kept, bytes }
}

function restoreNode({ node, bytes, contents, ...fields }: SavedNode): void {
  Object.assign(node, fields)
  if (bytes === null) {
    node.contents = contents === null || ArrayBuffer.isView(contents) ? contents : { ...contents }
    return
  }
  const live = node.contents
  if (ArrayBuffer.isView(live) && live.length >= bytes.length) {
    const now = bytesOf(live, bytes.length)
    if (!now.equals(bytes)) now.set(bytes)
  } else node.contents = new Int8Array(Uint8Array.from(bytes).buffer)
}

function bytesOf(view: Int8Array | Uint8Array, length: number): Buffer {
  return Buffer.from(view.buffer, view.byteOffset, length)
}
