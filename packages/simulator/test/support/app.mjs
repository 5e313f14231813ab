/** A module that exports an app to simulate, as a user's would. */
export const app = { name: 'invented' }
