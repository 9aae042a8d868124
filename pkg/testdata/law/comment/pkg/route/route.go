// Here are routes.
package route
