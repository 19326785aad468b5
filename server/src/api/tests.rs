mod public;
mod studio;
mod writes;
