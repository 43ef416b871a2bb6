import type { ClientRegistration, ClientStore } from '../clients/index.ts';
import { hashSecret } from '../clients/index.ts';
import { tellOfChange } from './barred.ts';
import { key } from './keys.ts';
import type { Vault } from './vault.ts';

/**
 * Keeps client registrations; secrets are hashed before they are sealed. Every node is told of a change after it was
 * written, so that what is read once the change is known is the new one.
 */
export function createClientStore(vault: Vault): ClientStore {
  const { driver } = vault;
  return {
    async find(id) {
      const keys = [key.client(id), key.clientStatus(id)] as const;
      const [registration, status] = await driver.getMany(keys);
      return {
        registration: registration && vault.open<ClientRegistration>(keys[0], registration),
        disabled: status !== undefined && vault.open<{ disabled: boolean }>(keys[1], status).disabled,
      };
    },
    list: () => driver.members(key.allClients),
    async add(registration) {
      const id = registration.client_id;
      const added = await vault.writeIfAbsent(key.client(id), hashSecret(registration));
      if (!added) return false;
      await driver.addMember(key.allClients, id);
      await driver.assure(key.client(id));
      await tellOfChange(driver);
      return true;
    },
    async remove(id) {
      await driver.remove([key.client(id), key.clientStatus(id)]);
      await driver.removeMember(key.allClients, id);
      await driver.assure(key.client(id));
      await tellOfChange(driver);
    },
    async setDisabled(id, disabled) {
      if (disabled) await vault.write(key.clientStatus(id), { disabled });
      else await driver.remove([key.clientStatus(id)]);
      await driver.assure(key.clientStatus(id));
      await tellOfChange(driver);
    },
  };
}
