import assert from 'node:assert';
import { test } from 'node:test';

import { managedConfiguration } from '../../../manifest/extension/config.js';
import { fakeChrome, settle } from './fake.mjs';

test('what there is is taken at once', async () => {
  const api = fakeChrome({ managed: [{ engine: 'native' }], installType: 'admin' });
  assert.deepStrictEqual(await managedConfiguration(api), { engine: 'native' });
});

test('nothing is waited for where no administrator installed the extension', async () => {
  assert.deepStrictEqual(await managedConfiguration(fakeChrome()), {});
});

test('an empty answer after a fresh force-install is not "no policy"', async () => {
  const api = fakeChrome({ managed: [{}, { engine: 'browser' }], installType: 'admin' });
  let got = null;
  managedConfiguration(api).then((value) => { got = value; });
  await settle();
  assert.strictEqual(got, null);
  api.policyArrives();
  await settle();
  assert.deepStrictEqual(got, { engine: 'browser' });
  assert.strictEqual(api.listeners.size, 0);
});

test('where no policy comes it is not waited for forever', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const api = fakeChrome({ installType: 'admin' });
  const promise = managedConfiguration(api, 15000);
  await settle();
  t.mock.timers.tick(15000);
  assert.deepStrictEqual(await promise, {});
});
