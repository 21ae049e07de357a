/** Tool calls that a person decides about, as loaded by the page. The code that loads them is itself loaded while the page is idle. */
import { computed, signal } from '@preact/signals';
import type { ApprovalDocument } from '../../../shared/api/tools/approvals.js';

export const approvals = signal<readonly ApprovalDocument[]>([]);

export const pendingApprovals = computed(() => approvals.value.filter(({ state }) => state === 'pending'));

/** The keys of the sessions whose turns wait for a decision. */
export const waitingSessions = computed(() => new Set(pendingApprovals.value.map(({ session }) => session)));
