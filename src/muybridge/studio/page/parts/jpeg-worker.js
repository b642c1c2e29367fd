// Makes JPEGs beside the page's own thread: a bitmap in, a blob out.

let canvas = null;

onmessage = async ({ data: { bitmap, quality } }) => {
  if (canvas?.width !== bitmap.width || canvas?.height !== bitmap.height)
    canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();

  postMessage(await canvas.convertToBlob({ type: "image/jpeg", quality }));
};
