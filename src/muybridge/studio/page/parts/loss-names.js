// What the losses of the methods are called when a person reads of them.

const WORDS = {
  seg: "silhouettes",
  dc: "both keypoint sets alike",
  tmp: "smooth in time",
  eq: "keypoints follow the picture",
  sep: "keypoints apart",
  sill: "keypoints on the subject",
  cover: "whole body covered",
  align: "both keypoint sets match",
  cyc: "there and back",
  cycle: "there and back",
  read: "keypoints found again",
  l1: "colours",
  perceptual: "look",
  multiscale: "colours at several scales",
  ssim: "structure",
  adversarial: "fools the discriminator",
  matching: "features alike",
  equivariance: "keypoints follow the picture",
  d: "discriminator",
  blend: "own frames, blended",
  warp: "own frames, moved",
  coarse: "own frames, from afar",
  fill: "the other's outline filled",
  smooth: "moves smoothly",
  fold: "nothing folds over",
};

/** A loss in words, and as the paper has it. */
export const lossWords = (name) => WORDS[name.split(".").pop().toLowerCase()] ?? name.replaceAll("_", " ");
