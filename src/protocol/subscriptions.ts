/** Change notifications of 2026-07-28 (basic/patterns/subscriptions). */

export const LISTEN = 'subscriptions/listen';
export const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';
export const RESOURCE_UPDATED = 'notifications/resources/updated';

/** The lists whose changes can be listened to: the capability that offers one, its notification, and its key in the filter. */
export const LISTS = [
  { list: 'tools', method: 'notifications/tools/list_changed', filter: 'toolsListChanged' },
  { list: 'prompts', method: 'notifications/prompts/list_changed', filter: 'promptsListChanged' },
  { list: 'resources', method: 'notifications/resources/list_changed', filter: 'resourcesListChanged' },
] as const;
