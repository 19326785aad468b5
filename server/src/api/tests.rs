mod found;
mod public;
mod studio;
mod uploads;
mod writes;
