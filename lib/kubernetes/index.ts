// The entry `cdktf-binauthz/kubernetes`: what lives inside the cluster.
export {
  BreakGlassGuard,
  type BreakGlassGuardProps,
  type BreakGlassGuardResourceProps,
  type BreakGlassPermit,
  type IBreakGlassGuard,
} from "./break-glass-guard";
