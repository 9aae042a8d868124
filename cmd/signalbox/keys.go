package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/config"
	"github.com/signalbox-dev/signalbox/pkg/gateway"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/key"
	"github.com/signalbox-dev/signalbox/pkg/secret"
)

func keys(_ context.Context, c *call) error {
	if len(c.args) == 0 {
		return usageError("want new, list or revoke")
	}
	verb := c.args[0]
	c.args = c.args[1:]
	switch verb {
	case "new":
		return newKey(c)
	case "list":
		return listKeys(c)
	case "revoke":
		return revokeKey(c)
	}
	return usageError(fmt.Sprintf("no such verb %q: want new, list or revoke", verb))
}

// newKey prints the key alone on the last line of the output: it is shown this
// once and stored as a hash.
func newKey(c *call) error {
	team := c.flags.String("team", "", "`name` of the team that the key belongs to")
	name := c.flags.String("name", "", "what the key is for")
	models := c.flags.String("models", "", "models that it may use, separated by commas; all when empty")
	class := c.flags.String("class", "", "data class that binds its requests")
	expires := c.flags.Duration("expires", 0, "how long it is valid; for ever when 0")
	asYAML := c.flags.Bool("yaml", false, "print the entry for keys of the configuration, and store nothing")
	if err := c.parse(0); err != nil {
		return err
	}
	if *expires < 0 {
		return usageError("-expires is negative")
	}
	if *asYAML && *name == "" {
		return usageError("-yaml wants -name")
	}
	snap, dir, err := gateway.Load(c.config, c.state)
	if err != nil {
		return err
	}
	spec := key.Spec{Name: *name, Team: *team, Class: genai.DataClass(*class), Expires: *expires}
	if *models != "" {
		spec.Models = strings.Split(*models, ",")
	}
	if err := gateway.CheckKey(snap, spec); err != nil {
		return err
	}
	k, text, err := key.Generate(rand.Reader, spec, time.Now())
	if err != nil {
		return err
	}
	if *asYAML {
		return printEntry(c, k, text)
	}
	if err := key.Add(gateway.KeyFile(dir), k); err != nil {
		return err
	}
	fmt.Fprintf(c.err, "key %s of team %q, shown this once:\n", k.ID, k.Team)
	fmt.Fprintln(c.out, text.Reveal())
	return nil
}

// printEntry prints a key's entry in the configuration, then the key. The entry
// has the ID that follows from the hash.
func printEntry(c *call, k key.Key, text secret.Value) error {
	v := &signalboxv1.VirtualKey{Name: k.Name, Sha256: hex.EncodeToString(k.Hash[:]), Team: k.Team, Models: k.Models, Class: string(k.Class)}
	if !k.Expires.IsZero() {
		v.Expires = k.Expires.Format(time.RFC3339)
	}
	entry, err := config.WriteKey(v)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.err, "add the entry to keys of %s; the key below it is shown this once:\n", c.config)
	fmt.Fprintf(c.out, "%s\n%s\n", entry, text.Reveal())
	return nil
}

func listKeys(c *call) error {
	if err := c.parse(0); err != nil {
		return err
	}
	snap, dir, err := gateway.Load(c.config, c.state)
	if err != nil {
		return err
	}
	all, err := key.List(gateway.KeyFile(dir))
	if err != nil {
		return err
	}
	all = append(all, gateway.Declared(snap)...)
	slices.SortFunc(all, func(a, b key.Key) int { return a.Created.Compare(b.Created) })
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tTEAM\tNAME\tMODELS\tCREATED\tSTATE")
	for i := range all {
		k := &all[i]
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.Team, k.Name, orAll(k.Models), created(k), state(k, time.Now()))
	}
	return w.Flush()
}

func orAll(models []string) string {
	if len(models) == 0 {
		return "all"
	}
	return strings.Join(models, ",")
}

func created(k *key.Key) string {
	if k.Created.IsZero() {
		return "in the configuration"
	}
	return k.Created.UTC().Format(time.RFC3339)
}

func state(k *key.Key, now time.Time) string {
	switch {
	case !k.Revoked.IsZero():
		return "revoked " + k.Revoked.UTC().Format(time.RFC3339)
	case k.Expires.IsZero():
		return "valid"
	case now.After(k.Expires):
		return "expired " + k.Expires.UTC().Format(time.RFC3339)
	}
	return "valid until " + k.Expires.UTC().Format(time.RFC3339)
}

func revokeKey(c *call) error {
	if err := c.parse(1); err != nil {
		return err
	}
	if c.flags.NArg() != 1 {
		return usageError("want the ID of one key, as keys list shows it")
	}
	snap, dir, err := gateway.Load(c.config, c.state)
	if err != nil {
		return err
	}
	for _, k := range gateway.Declared(snap) {
		if k.ID == c.flags.Arg(0) {
			return fmt.Errorf("key %s is %q of keys in %s: remove it there, which acts at once", k.ID, k.Name, c.config)
		}
	}
	k, err := key.Revoke(gateway.KeyFile(dir), c.flags.Arg(0), time.Now())
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "key %s of team %q is revoked\n", k.ID, k.Team)
	return nil
}
