package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	monitoringv1alpha1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"
	"github.com/prometheus-operator/prometheus-operator/pkg/assets"
	operatorlib "github.com/prometheus-operator/prometheus-operator/pkg/operator"
	"github.com/prometheus-operator/prometheus-operator/pkg/prometheus"
	clientmetrics "github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	apijson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/yaml"
)

// One Prometheus and one monitor, as they would be applied.
type question struct {
	Prometheus map[string]any `json:"prometheus"`
	Monitor    map[string]any `json:"monitor"`
}

// What the operator writes for them.
type configuration struct {
	Stored        bool   `json:"stored"`
	Matched       bool   `json:"matched"`
	Selected      bool   `json:"selected"`
	Error         string `json:"error"`
	ScrapeConfigs any    `json:"scrapeConfigs"`
}

// The operator for any Prometheus, in a cluster with two namespaces.
type configurator struct {
	definitions definitions
	store       *assets.StoreBuilder
	namespaces  cache.SharedIndexInformer
}

func newConfigurator(definitions definitions) (*configurator, error) {
	store, err := newStore()
	if err != nil {
		return nil, err
	}
	namespaces := cache.NewSharedIndexInformer(&cache.ListWatch{}, &corev1.Namespace{}, 0, cache.Indexers{})
	for name, team := range map[string]string{"monitoring": "a", "shop": "b"} {
		object := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"team": team}}}
		if err := namespaces.GetStore().Add(object); err != nil {
			return nil, err
		}
	}
	return &configurator{definitions: definitions, store: store, namespaces: namespaces}, nil
}

func (c *configurator) answer(line []byte) (any, error) {
	var asked question
	if err := apijson.Unmarshal(line, &asked); err != nil {
		return nil, err
	}
	for _, object := range []map[string]any{asked.Prometheus, asked.Monitor} {
		kind, _ := object["kind"].(string)
		definition, found := c.definitions[kind]
		if !found {
			return nil, fmt.Errorf("kind %q is not known here", kind)
		}
		if err := definition.admit(object); err != nil {
			return configuration{Error: err.Error()}, nil
		}
	}
	var object monitoringv1.Prometheus
	if err := convert(asked.Prometheus, &object); err != nil {
		return configuration{Error: err.Error()}, nil
	}
	return c.configure(&object, asked.Monitor)
}

func convert(from map[string]any, to any) error {
	text, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, to)
}

func (c *configurator) configure(server *monitoringv1.Prometheus, monitor map[string]any) (configuration, error) {
	said := configuration{Stored: true}
	recorder := operatorlib.NewFakeRecorder(1, server)
	metrics := operatorlib.NewMetrics(clientmetrics.NewRegistry())
	logger := slog.New(slog.DiscardHandler)
	selector, err := prometheus.NewResourceSelector(logger, server, c.store, c.namespaces, metrics, recorder)
	if err != nil {
		said.Error = err.Error()
		return said, nil
	}
	pods := map[string]*monitoringv1.PodMonitor{}
	services := map[string]*monitoringv1.ServiceMonitor{}
	probes := map[string]*monitoringv1.Probe{}
	configs := map[string]*monitoringv1alpha1.ScrapeConfig{}
	switch monitor["kind"] {
	case monitoringv1.PodMonitorsKind:
		pods, err = pick(&said, monitor, &monitoringv1.PodMonitor{}, selector.SelectPodMonitors)
	case monitoringv1.ServiceMonitorsKind:
		services, err = pick(&said, monitor, &monitoringv1.ServiceMonitor{}, selector.SelectServiceMonitors)
	case monitoringv1.ProbesKind:
		probes, err = pick(&said, monitor, &monitoringv1.Probe{}, selector.SelectProbes)
	case monitoringv1alpha1.ScrapeConfigsKind:
		configs, err = pick(&said, monitor, &monitoringv1alpha1.ScrapeConfig{}, selector.SelectScrapeConfigs)
	}
	if err != nil || !said.Selected {
		return said, err
	}
	said.Selected = false
	generator, err := prometheus.NewConfigGenerator(logger, server, prometheus.WithEndpointSliceSupport())
	if err != nil {
		said.Error = err.Error()
		return said, nil
	}
	text, err := sheltered(func() ([]byte, error) {
		return generator.GenerateServerConfiguration(server, services, pods, probes, configs, c.store, nil, nil, nil, nil)
	})
	if err != nil {
		said.Error = err.Error()
		return said, nil
	}
	var written map[string]any
	if err := yaml.Unmarshal(text, &written); err != nil {
		return said, err
	}
	said.Selected = true
	said.ScrapeConfigs = written["scrape_configs"]
	return said, nil
}

// The operator panics on some Prometheus resources of old versions.
func sheltered(generate func() ([]byte, error)) (text []byte, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("the operator crashed: %v", reason)
		}
	}()
	return generate()
}

// Chooses the monitor, or says why it is left out.
func pick[T operatorlib.ConfigurationResource](
	said *configuration, monitor map[string]any, object T, choose selection[T],
) (map[string]T, error) {
	if err := convert(monitor, object); err != nil {
		said.Error = err.Error()
		return nil, nil
	}
	metadata, _ := monitor["metadata"].(map[string]any)
	marks := labels.Set{}
	if written, found := metadata["labels"].(map[string]any); found {
		for name, value := range written {
			marks[name], _ = value.(string)
		}
	}
	found, err := choose(context.Background(), func(namespace string, wanted labels.Selector, add cache.AppendFunc) error {
		if namespace == metadata["namespace"] && wanted.Matches(marks) {
			add(runtime.Object(object))
		}
		return nil
	})
	if err != nil {
		said.Error = err.Error()
		return nil, nil
	}
	said.Matched = len(found) == 1
	for _, resource := range found {
		for _, condition := range resource.Conditions() {
			if condition.Status != monitoringv1.ConditionTrue {
				said.Error = fmt.Sprintf("%s: %s", condition.Reason, condition.Message)
			}
		}
	}
	chosen := found.ValidResources()
	said.Selected = len(chosen) == 1
	return chosen, nil
}
