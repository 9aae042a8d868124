// Package main runs it.
package main
