import type { ListProcesses, Process } from './process-table.ts';

/** A process that leads its own group, and everything it has started. */
export interface Tree {
  /** Of the leader and of its group. */
  readonly pid: number;
  /** What the environment variable `MARK` is in all of it. Unique. */
  readonly mark: string;
}

export type Member = Pick<Process, 'pid' | 'group'>;

/**
 * Returns a function that lists the tree's living processes. It remembers what it saw: off Linux a process that left the group is found
 * through its parent only, so ask once while the parents live. An id that was given to another process since is noticed.
 */
export function trackTree(tree: Tree, listProcesses: ListProcesses): () => Promise<Member[]> {
  const bornAt = new Map<number, string>();

  return async () => {
    let everyone: Process[];
    try {
      everyone = await listProcesses();
    } catch {
      // The system is short of something, which is just when children must go; the group is known in any case.
      return isGroupAlive(tree.pid) ? [{ pid: tree.pid, group: tree.pid }] : [];
    }
    const isOurs = ({ pid, group, mark, born }: Process) =>
      group === tree.pid || mark === tree.mark || bornAt.get(pid) === born;
    const members = withDescendants(everyone.filter(isOurs), everyone);
    for (const { pid, born } of members) bornAt.set(pid, born);
    return members;
  };
}

function withDescendants(roots: readonly Process[], everyone: readonly Process[]): Process[] {
  const family = new Map(roots.map((root) => [root.pid, root]));
  let size: number;
  do {
    size = family.size;
    for (const process of everyone) if (family.has(process.parent)) family.set(process.pid, process);
  } while (family.size > size);
  return [...family.values()];
}

function isGroupAlive(group: number): boolean {
  try {
    return process.kill(-group, 0);
  } catch {
    return false; // ESRCH: nobody is there.
  }
}
