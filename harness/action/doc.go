// Package action holds the verbs: what a person does with a phone, one file each. A verb drives the screen and proves on
// it that the action happened; it never judges, and it knows apps only through the catalogue.
package action
