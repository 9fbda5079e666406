/* The two engines as ports: objects go in and come out. */

export const HOST = 'cloud.senso.host';

function asPort(port, lastError) {
  return {
    postMessage: (message) => port.postMessage(message),
    onMessage: (callback) => port.onMessage.addListener(callback),
    onClose: (callback) => port.onDisconnect.addListener(() => callback(lastError() || 'the engine ended')),
    close: () => port.disconnect(),
  };
}

/** senso-host, started by the browser for this port alone. */
export function nativePort(api) {
  return asPort(api.runtime.connectNative(HOST), () => api.runtime.lastError?.message);
}

/** The offscreen document with the browser's own RTCPeerConnection, which a service worker lacks. */
export async function browserPort(api) {
  const name = `engine ${crypto.randomUUID()}`;
  const connected = new Promise((resolve) => {
    api.runtime.onConnect.addListener(function listen(port) {
      if (port.name !== name || port.sender?.id !== api.runtime.id) return;
      api.runtime.onConnect.removeListener(listen);
      resolve(port);
    });
  });
  if (await api.offscreen.hasDocument()) await api.offscreen.closeDocument();
  await api.offscreen.createDocument({
    url: `offscreen.html#${encodeURIComponent(name)}`,
    reasons: ['WEB_RTC'],
    justification: 'Holds the connections to the console: a service worker has no RTCPeerConnection.',
  });
  return asPort(await connected, () => api.runtime.lastError?.message);
}
