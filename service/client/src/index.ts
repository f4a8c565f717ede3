export * from "./api.js"
export * from "./events.js"
export type { components, operations, paths } from "./schema.js"
