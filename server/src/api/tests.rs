mod access;
mod found;
mod people;
mod public;
mod studio;
mod uploads;
mod writes;
