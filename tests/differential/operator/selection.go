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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/cache"
)

// The operator's choice of monitors for one Prometheus, which selects everything in its namespace. Nothing but the
// monitor itself is a reason to refuse it: the Prometheus is of the newest version, has a scrape class and the longest
// scrape interval that there is, and the Secrets and ConfigMaps are there.
type operator struct {
	prometheus *monitoringv1.Prometheus
	store      *assets.StoreBuilder
	metrics    *operatorlib.Metrics
}

const namespace = "monitoring"

func newOperator() (*operator, error) {
	store, err := newStore()
	if err != nil {
		return nil, err
	}
	everything := &metav1.LabelSelector{}
	fields := monitoringv1.CommonPrometheusFields{
		PodMonitorSelector:     everything,
		ServiceMonitorSelector: everything,
		ProbeSelector:          everything,
		ScrapeConfigSelector:   everything,
		ScrapeInterval:         "292y",
		ScrapeClasses:          []monitoringv1.ScrapeClass{{Name: "mesh"}},
	}
	return &operator{
		prometheus: &monitoringv1.Prometheus{
			ObjectMeta: metav1.ObjectMeta{Name: "prometheus", Namespace: namespace},
			Spec:       monitoringv1.PrometheusSpec{CommonPrometheusFields: fields},
		},
		store:   store,
		metrics: operatorlib.NewMetrics(clientmetrics.NewRegistry()),
	}, nil
}

// Says why the operator leaves the object out, or nothing if it does not.
func (o *operator) refusal(kind string, object []byte) (error, error) {
	// The recorder holds one event, which is as many as one object can cause.
	recorder := operatorlib.NewFakeRecorder(1, o.prometheus)
	selector, err := prometheus.NewResourceSelector(slog.New(slog.DiscardHandler), o.prometheus, o.store, nil, o.metrics, recorder)
	if err != nil {
		return nil, err
	}
	switch kind {
	case monitoringv1.PodMonitorsKind:
		return choose(object, &monitoringv1.PodMonitor{}, selector.SelectPodMonitors)
	case monitoringv1.ServiceMonitorsKind:
		return choose(object, &monitoringv1.ServiceMonitor{}, selector.SelectServiceMonitors)
	case monitoringv1.ProbesKind:
		return choose(object, &monitoringv1.Probe{}, selector.SelectProbes)
	case monitoringv1alpha1.ScrapeConfigsKind:
		return choose(object, &monitoringv1alpha1.ScrapeConfig{}, selector.SelectScrapeConfigs)
	}
	return nil, fmt.Errorf("kind %q is not known here", kind)
}

type selection[T operatorlib.ConfigurationResource] func(
	context.Context, prometheus.ListAllByNamespaceFn,
) (operatorlib.TypedResourcesSelection[T], error)

func choose[T operatorlib.ConfigurationResource](text []byte, object T, choose selection[T]) (error, error) {
	if err := json.Unmarshal(text, object); err != nil {
		// The operator's cache would not get to see it.
		return err, nil
	}
	found, err := choose(context.Background(), func(_ string, _ labels.Selector, add cache.AppendFunc) error {
		add(runtime.Object(object))
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("%d objects were looked at", len(found))
	}
	for _, resource := range found {
		for _, condition := range resource.Conditions() {
			if condition.Status != monitoringv1.ConditionTrue {
				return fmt.Errorf("%s: %s", condition.Reason, condition.Message), nil
			}
		}
	}
	return nil, nil
}
