// An authorization server by oidc-provider over TLS: a client for each way to authenticate. Says on its standard output
// which assertions came, and why it refuses. node provider.mjs FOLDER PORT
import { X509Certificate, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { Provider } from 'oidc-provider';

const [folder, port] = process.argv.slice(2);
const issuer = `https://localhost:${port}`;
const resource = 'api://demo';
const secret = process.env.OIDC_SECRET;
const read = (name) => readFileSync(`${folder}/${name}`, 'utf8');
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

const key = (name, alg) => ({
  ...createPublicKey(read(name)).export({ format: 'jwk' }),
  use: 'sig',
  alg,
  x5c: [new X509Certificate(read(name)).raw.toString('base64')],
});
const client = (client_id, more) => ({
  client_id,
  grant_types: ['client_credentials'],
  response_types: [],
  redirect_uris: [],
  ...more,
});
const by_assertion = (alg, name) =>
  client(alg.toLowerCase(), {
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: alg,
    jwks: { keys: [key(name, alg)] },
  });

const provider = new Provider(issuer, {
  clients: [
    client('post', { client_secret: secret, token_endpoint_auth_method: 'client_secret_post' }),
    client('basic', { client_secret: secret, token_endpoint_auth_method: 'client_secret_basic' }),
    by_assertion('RS256', 'rsa.crt'),
    by_assertion('PS256', 'rsa.crt'),
    by_assertion('ES256', 'ec.crt'),
  ],
  clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
  enabledJWA: { clientAuthSigningAlgValues: ['RS256', 'PS256', 'ES256'] },
  assertJwtClientAuthClaimsAndHeader: (ctx, claims, header) =>
    say({ header, claims, assertion: ctx.oidc.body.client_assertion }),
  scopes: [`${resource}/.default`],
  ttl: { ClientCredentials: 60 },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({ scope: `${resource}/.default`, audience: resource, accessTokenFormat: 'opaque' }),
    },
  },
});
provider.on('grant.error', (_, error) => say({ refused: error.error_detail ?? error.message }));
const server = createServer({ key: read('server.key'), cert: read('server.crt') }, provider.callback());
server.listen(port, '127.0.0.1');
