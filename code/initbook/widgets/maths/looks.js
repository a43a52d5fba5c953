// @ts-check
// How the ten layers show each activation; ten-layers.settings.js says what the names mean.
import settings from "../ten-layers.settings.js";

/** @typedef {{ label: string, range: number[], inRms?: boolean, far?: number }} Look */

/** @type {Record<string, Look>} */
export const looks = settings.state.activation.choices;
