// What the player shows of one of a run's two results.

import * as store from "../net/store.js";
import { clock } from "./clock.js";
import { HEIGHT } from "./player.js";

/** "cat moving like horse" */
export const titleOf = (run, side) => {
  const [a, b] = run.names;
  return side === "a" ? `${a} moving like ${b}` : `${b} moving like ${a}`;
};

/** A row of `Player`; `times` are those of the run's results. */
export function rowOf(run, side, times, title = titleOf(run, side)) {
  const stamp = encodeURIComponent(run.finished ?? "");
  return {
    title,
    driving: store.clips.get(run.clips[side === "a" ? 1 : 0]),
    clock: clock(times[side]),
    made: (affine, at) => `/api/runs/${run.id}/results/${side}/${affine ? "with" : "without"}/${at}?height=${HEIGHT}&v=${stamp}`,
    plate: `/api/runs/${run.id}/files/background-${side}.png`,
    contrast: run.contrast[side],
  };
}
