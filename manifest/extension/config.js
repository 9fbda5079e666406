/*
 * Managed configuration. After a fresh force-install storage.managed gives {} for some seconds, until the browser has the
 * policy; so {} says nothing where an administrator installed the extension, and onChanged is waited for.
 */

const WAIT_MS = 15000;

async function isManaged(api) {
  const self = await new Promise((resolve) => api.management.getSelf(resolve));
  return self.installType === 'admin';
}

function changed(api, ms) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => done(), ms);
    function done() {
      clearTimeout(timer);
      api.storage.onChanged.removeListener(listen);
      resolve();
    }
    function listen(changes, area) {
      if (area === 'managed') done();
    }
    api.storage.onChanged.addListener(listen);
  });
}

/** The configuration, once there can be one. `api` is `chrome`. */
export async function managedConfiguration(api, waitMs = WAIT_MS) {
  const first = await api.storage.managed.get().catch(() => ({}));
  if (Object.keys(first).length > 0 || !(await isManaged(api))) return first;
  await changed(api, waitMs);
  return api.storage.managed.get().catch(() => ({}));
}
