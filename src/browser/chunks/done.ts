import { INSTALLED, type Installed } from '../install.ts';

/**
 * The script of the page on which a login by way of another site ends (src/identity/done-page.ts), and of no other:
 * the session begins here, with its key, so that the page that follows finds it.
 */

const to = document.querySelector('main')?.dataset['return'] ?? '/';
const leave = () => location.replace(to);
const installed: Installed | undefined = Reflect.get(self, INSTALLED);
// Whatever keeps the door shut must not keep the person here.
setTimeout(leave, 5000);
if (installed) installed.ask('user').then(leave, leave);
else leave();
