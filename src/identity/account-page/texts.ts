import { PAGE_TEXTS, type PageLanguage, type PageTexts } from '../accounts/page-texts.ts';

/** What the account page says besides what it shares with the login page. */
interface OwnTexts {
  readonly title: string;
  readonly who: string;
  readonly nobody: string;
  readonly logOut: string;
  readonly wrong: string;
  readonly passkeys: string;
  readonly passkeysHint: string;
  readonly noPasskeys: string;
  readonly passkeyName: string;
  readonly passkeyAdd: string;
  readonly passkeyAdded: string;
  readonly passkeyRemoved: string;
  readonly passkeyLast: string;
  readonly since: string;
  readonly remove: string;
  readonly factor: string;
  readonly factorOff: string;
  readonly factorOn: string;
  readonly factorBegin: string;
  readonly factorScan: string;
  readonly factorPicture: string;
  readonly factorOpen: string;
  readonly factorCode: string;
  readonly factorAdded: string;
  readonly factorRemove: string;
  readonly factorRemoved: string;
  readonly codes: string;
  readonly codesHint: string;
  readonly codesNew: string;
  readonly passwordTitle: string;
  readonly passwordNow: string;
  readonly passwordChanged: string;
  readonly emailNone: string;
  readonly emailOpen: string;
  readonly emailNew: string;
  readonly emailSent: string;
  readonly sessions: string;
  readonly sessionHere: string;
  readonly sessionSince: string;
  readonly sessionEnd: string;
  readonly sessionOthers: string;
  readonly sessionEnded: string;
  readonly again: string;
  readonly againHint: string;
  readonly againPasskey: string;
  readonly cancel: string;
}

export type AccountTexts = PageTexts & OwnTexts;

const en: OwnTexts = {
  title: 'Your account',
  who: 'You are logged in as {name}.',
  nobody: 'You are not logged in.',
  logOut: 'Log out',
  wrong: 'The password or code is not right.',
  passkeys: 'Passkeys',
  passkeysHint: 'A passkey logs you in by fingerprint, face or device code, without a password.',
  noPasskeys: 'You have no passkey yet.',
  passkeyName: 'Name of the new passkey',
  passkeyAdd: 'Add a passkey',
  passkeyAdded: 'The passkey is added.',
  passkeyRemoved: 'The passkey is removed.',
  passkeyLast: 'This passkey is your only way to log in. Add another one before you remove it.',
  since: 'Added {date}',
  remove: 'Remove {name}',
  factor: 'Second factor',
  factorOff: 'Off. With it, a login also asks for a code from an app on your phone.',
  factorOn: 'On. A login also asks for a code from your app.',
  factorBegin: 'Set up a second factor',
  factorScan: 'Scan the picture with your authenticator app, or type this key into it:',
  factorPicture: 'QR code for your authenticator app',
  factorOpen: 'Open in an app on this device',
  factorCode: 'Code that the app shows now',
  factorAdded: 'The second factor is on. Your other sessions have ended.',
  factorRemove: 'Turn off the second factor',
  factorRemoved: 'The second factor is off. Your other sessions have ended.',
  codes: 'Backup codes',
  codesHint: 'Each logs you in once when you have no app at hand. Keep them safe: they are shown only now.',
  codesNew: 'Make new backup codes',
  passwordTitle: 'Change the password',
  passwordNow: 'Present password',
  passwordChanged: 'The password is changed. Your other sessions have ended.',
  emailNone: 'You have no e-mail address here.',
  emailOpen: 'not confirmed',
  emailNew: 'New e-mail address',
  emailSent: 'We have sent a link to the new address. It becomes yours here once you open the link.',
  sessions: 'Sessions',
  sessionHere: 'This browser',
  sessionSince: 'Logged in {date}',
  sessionEnd: 'End the session of {date}',
  sessionOthers: 'End all other sessions',
  sessionEnded: 'Sessions ended: {count}.',
  again: 'Show that it is you',
  againHint: 'Your login is a while ago.',
  againPasskey: 'Use a passkey',
  cancel: 'Cancel',
};

const de: OwnTexts = {
  title: 'Dein Konto',
  who: 'Du bist angemeldet als {name}.',
  nobody: 'Du bist nicht angemeldet.',
  logOut: 'Abmelden',
  wrong: 'Passwort oder Code stimmt nicht.',
  passkeys: 'Passkeys',
  passkeysHint: 'Mit einem Passkey meldest du dich per Fingerabdruck, Gesicht oder Gerätecode an, ohne Passwort.',
  noPasskeys: 'Du hast noch keinen Passkey.',
  passkeyName: 'Name des neuen Passkeys',
  passkeyAdd: 'Passkey hinzufügen',
  passkeyAdded: 'Der Passkey ist hinzugefügt.',
  passkeyRemoved: 'Der Passkey ist entfernt.',
  passkeyLast: 'Nur mit diesem Passkey kannst du dich anmelden. Füge einen anderen hinzu, bevor du ihn entfernst.',
  since: 'Hinzugefügt am {date}',
  remove: '{name} entfernen',
  factor: 'Zweiter Faktor',
  factorOff: 'Aus. Mit ihm fragt die Anmeldung auch nach einem Code aus einer App auf deinem Telefon.',
  factorOn: 'An. Die Anmeldung fragt auch nach einem Code aus deiner App.',
  factorBegin: 'Zweiten Faktor einrichten',
  factorScan: 'Scanne das Bild mit deiner Authenticator-App, oder tippe diesen Schlüssel ein:',
  factorPicture: 'QR-Code für deine Authenticator-App',
  factorOpen: 'In einer App auf diesem Gerät öffnen',
  factorCode: 'Code, den die App jetzt zeigt',
  factorAdded: 'Der zweite Faktor ist an. Deine anderen Sitzungen sind beendet.',
  factorRemove: 'Zweiten Faktor ausschalten',
  factorRemoved: 'Der zweite Faktor ist aus. Deine anderen Sitzungen sind beendet.',
  codes: 'Ersatzcodes',
  codesHint:
    'Jeder meldet dich einmal an, wenn du die App nicht zur Hand hast. Bewahre sie gut auf: Sie werden nur jetzt gezeigt.',
  codesNew: 'Neue Ersatzcodes erzeugen',
  passwordTitle: 'Passwort ändern',
  passwordNow: 'Jetziges Passwort',
  passwordChanged: 'Das Passwort ist geändert. Deine anderen Sitzungen sind beendet.',
  emailNone: 'Du hast hier keine E-Mail-Adresse.',
  emailOpen: 'nicht bestätigt',
  emailNew: 'Neue E-Mail-Adresse',
  emailSent: 'Wir haben einen Link an die neue Adresse geschickt. Sie gilt, sobald du ihn öffnest.',
  sessions: 'Sitzungen',
  sessionHere: 'Dieser Browser',
  sessionSince: 'Angemeldet am {date}',
  sessionEnd: 'Sitzung vom {date} beenden',
  sessionOthers: 'Alle anderen Sitzungen beenden',
  sessionEnded: 'Beendete Sitzungen: {count}.',
  again: 'Zeig, dass du es bist',
  againHint: 'Deine Anmeldung ist eine Weile her.',
  againPasskey: 'Passkey verwenden',
  cancel: 'Abbrechen',
};

const fr: OwnTexts = {
  title: 'Votre compte',
  who: 'Vous êtes connecté en tant que {name}.',
  nobody: 'Vous n’êtes pas connecté.',
  logOut: 'Se déconnecter',
  wrong: 'Le mot de passe ou le code est incorrect.',
  passkeys: 'Clés d’accès',
  passkeysHint: 'Une clé d’accès vous connecte par empreinte, visage ou code de l’appareil, sans mot de passe.',
  noPasskeys: 'Vous n’avez pas encore de clé d’accès.',
  passkeyName: 'Nom de la nouvelle clé d’accès',
  passkeyAdd: 'Ajouter une clé d’accès',
  passkeyAdded: 'La clé d’accès est ajoutée.',
  passkeyRemoved: 'La clé d’accès est supprimée.',
  passkeyLast: 'Cette clé d’accès est votre seul moyen de vous connecter. Ajoutez-en une autre avant de la supprimer.',
  since: 'Ajoutée le {date}',
  remove: 'Supprimer {name}',
  factor: 'Second facteur',
  factorOff: 'Désactivé. Activé, la connexion demande aussi un code d’une application de votre téléphone.',
  factorOn: 'Activé. La connexion demande aussi un code de votre application.',
  factorBegin: 'Configurer un second facteur',
  factorScan: 'Scannez l’image avec votre application d’authentification, ou saisissez-y cette clé :',
  factorPicture: 'Code QR pour votre application d’authentification',
  factorOpen: 'Ouvrir dans une application de cet appareil',
  factorCode: 'Code que l’application affiche maintenant',
  factorAdded: 'Le second facteur est activé. Vos autres sessions sont terminées.',
  factorRemove: 'Désactiver le second facteur',
  factorRemoved: 'Le second facteur est désactivé. Vos autres sessions sont terminées.',
  codes: 'Codes de secours',
  codesHint:
    'Chacun vous connecte une fois si vous n’avez pas l’application. Gardez-les bien : ils ne sont affichés que maintenant.',
  codesNew: 'Créer de nouveaux codes de secours',
  passwordTitle: 'Changer le mot de passe',
  passwordNow: 'Mot de passe actuel',
  passwordChanged: 'Le mot de passe est changé. Vos autres sessions sont terminées.',
  emailNone: 'Vous n’avez pas d’adresse e-mail ici.',
  emailOpen: 'non confirmée',
  emailNew: 'Nouvelle adresse e-mail',
  emailSent: 'Nous avons envoyé un lien à la nouvelle adresse. Elle sera la vôtre dès que vous l’aurez ouvert.',
  sessions: 'Sessions',
  sessionHere: 'Ce navigateur',
  sessionSince: 'Connecté le {date}',
  sessionEnd: 'Terminer la session du {date}',
  sessionOthers: 'Terminer toutes les autres sessions',
  sessionEnded: 'Sessions terminées : {count}.',
  again: 'Montrez que c’est vous',
  againHint: 'Votre connexion date un peu.',
  againPasskey: 'Utiliser une clé d’accès',
  cancel: 'Annuler',
};

const es: OwnTexts = {
  title: 'Tu cuenta',
  who: 'Has iniciado sesión como {name}.',
  nobody: 'No has iniciado sesión.',
  logOut: 'Cerrar sesión',
  wrong: 'La contraseña o el código no es correcto.',
  passkeys: 'Llaves de acceso',
  passkeysHint: 'Una llave de acceso te identifica por huella, cara o código del dispositivo, sin contraseña.',
  noPasskeys: 'Todavía no tienes ninguna llave de acceso.',
  passkeyName: 'Nombre de la nueva llave de acceso',
  passkeyAdd: 'Añadir una llave de acceso',
  passkeyAdded: 'Se ha añadido la llave de acceso.',
  passkeyRemoved: 'Se ha quitado la llave de acceso.',
  passkeyLast: 'Solo puedes entrar con esta llave de acceso. Añade otra antes de quitarla.',
  since: 'Añadida el {date}',
  remove: 'Quitar {name}',
  factor: 'Segundo factor',
  factorOff: 'Desactivado. Con él, también se pide un código de una aplicación de tu teléfono.',
  factorOn: 'Activado. También se pide un código de tu aplicación.',
  factorBegin: 'Configurar un segundo factor',
  factorScan: 'Escanea la imagen con tu aplicación de autenticación o escribe en ella esta clave:',
  factorPicture: 'Código QR para tu aplicación de autenticación',
  factorOpen: 'Abrir en una aplicación de este dispositivo',
  factorCode: 'Código que muestra ahora la aplicación',
  factorAdded: 'El segundo factor está activado. Tus otras sesiones han terminado.',
  factorRemove: 'Desactivar el segundo factor',
  factorRemoved: 'El segundo factor está desactivado. Tus otras sesiones han terminado.',
  codes: 'Códigos de reserva',
  codesHint: 'Cada uno sirve una vez cuando no tengas la aplicación. Guárdalos bien: solo se muestran ahora.',
  codesNew: 'Crear nuevos códigos de reserva',
  passwordTitle: 'Cambiar la contraseña',
  passwordNow: 'Contraseña actual',
  passwordChanged: 'La contraseña ha cambiado. Tus otras sesiones han terminado.',
  emailNone: 'No tienes ningún correo electrónico aquí.',
  emailOpen: 'sin confirmar',
  emailNew: 'Nuevo correo electrónico',
  emailSent: 'Hemos enviado un enlace al nuevo correo. Será el tuyo cuando lo abras.',
  sessions: 'Sesiones',
  sessionHere: 'Este navegador',
  sessionSince: 'Iniciada el {date}',
  sessionEnd: 'Terminar la sesión del {date}',
  sessionOthers: 'Terminar todas las demás sesiones',
  sessionEnded: 'Sesiones terminadas: {count}.',
  again: 'Demuestra que eres tú',
  againHint: 'Iniciaste sesión hace un rato.',
  againPasskey: 'Usar una llave de acceso',
  cancel: 'Cancelar',
};

const OWN: Readonly<Record<PageLanguage, OwnTexts>> = { en, de, fr, es };

export const accountTexts = (language: PageLanguage): AccountTexts => ({ ...PAGE_TEXTS[language], ...OWN[language] });
