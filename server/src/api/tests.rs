mod found;
mod public;
mod studio;
mod writes;
