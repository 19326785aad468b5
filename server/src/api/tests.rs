mod access;
mod found;
mod oidc;
mod people;
mod public;
mod studio;
mod uploads;
mod writes;
