//! The metrics of this process in the Prometheus text form.

use metrics_exporter_prometheus::PrometheusBuilder;
use muster_http::probes::Metrics;
use muster_service::App;
use std::sync::Arc;
use std::time::Duration;

/// How often samples are folded together.
const UPKEEP: Duration = Duration::from_secs(5);

/// Starts collecting and answers what renders the state of affairs.
pub(crate) fn start(app: &App) -> Metrics {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::warn!("metrics are collected elsewhere already");
    }
    metrics::gauge!("muster_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    let (upkeep, stop) = (handle.clone(), app.stop.clone());
    app.tasks.spawn(async move {
        while !stop.is_cancelled() {
            tokio::select! {
                () = tokio::time::sleep(UPKEEP) => upkeep.run_upkeep(),
                () = stop.cancelled() => {}
            }
        }
    });
    Arc::new(move || handle.render())
}
