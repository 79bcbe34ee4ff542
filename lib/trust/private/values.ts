import { known, type Value } from "../model";

/** The value behind a function; what is not known stays so. */
export function mapValue<T, U>(value: Value<T>, change: (known: T) => U): Value<U> {
  return value.state === "known" ? known(change(value.value)) : value;
}

/** As {@link mapValue}, for a function that may not know either. */
export function chainValue<T, U>(value: Value<T>, change: (known: T) => Value<U>): Value<U> {
  return value.state === "known" ? change(value.value) : value;
}
