import type { Dashboard } from '@grafana/schema';

// Enums as JSON has them: by their value.
type Literal<T> = T extends string
  ? `${T}`
  : T extends number | boolean
    ? T
    : T extends readonly (infer U)[]
      ? Literal<U>[]
      : T extends object
        ? { [K in keyof T]: Literal<T[K]> }
        : T;
export type Raw = Literal<Dashboard>;
