/** The public surface of @landfall/protocol. */
export * from "./bootstrap.ts";
export * from "./brands.ts";
export * from "./changeset.ts";
export * from "./cursor.ts";
export * from "./errors.ts";
export * from "./hlc.ts";
export * from "./manifest.ts";
export * from "./policy.ts";
export * from "./pull.ts";
export * from "./push.ts";
export * from "./scope.ts";
export * from "./sync.ts";
export * from "./value.ts";
