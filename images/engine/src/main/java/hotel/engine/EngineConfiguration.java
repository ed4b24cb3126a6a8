package hotel.engine;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Optional;
import org.operaton.bpm.engine.ProcessEngine;
import org.operaton.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.operaton.bpm.engine.impl.metrics.Meter;
import org.operaton.bpm.engine.rest.impl.FetchAndLockContextListener;
import org.operaton.bpm.engine.rest.spi.FetchAndLockHandler;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.ContextClosedEvent;

/** What is put around the engine: an orderly end of it, and metrics. */
@Configuration(proxyBeanMethods = false)
class EngineConfiguration {

    /** Waiting fetches end as the shutdown begins: it would wait for them, and leave them without an answer. */
    @Bean
    ApplicationListener<ContextClosedEvent> endOfWaitingFetches() {
        return event -> Optional.ofNullable(FetchAndLockContextListener.getFetchAndLockHandler())
                .ifPresent(FetchAndLockHandler::shutdown);
    }

    /** The engine's own counters (jobs, instances, activities), which only grow as nothing else reads them. */
    @Bean
    MeterBinder engineMeters(ProcessEngine engine) {
        var configuration = (ProcessEngineConfigurationImpl) engine.getProcessEngineConfiguration();
        return registry -> configuration.getMetricsRegistry().getDbMeters().forEach((name, meter) ->
                FunctionCounter.builder("engine." + name, meter, Meter::get).register(registry));
    }
}
