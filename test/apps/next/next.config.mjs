/** @type {import('next').NextConfig} */
export default {
  // Or Next takes the lock file of the folder above for its own.
  turbopack: { root: import.meta.dirname },
};
