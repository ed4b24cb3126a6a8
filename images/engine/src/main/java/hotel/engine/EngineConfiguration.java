package hotel.engine;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.operaton.bpm.engine.ProcessEngine;
import org.operaton.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.operaton.bpm.engine.impl.metrics.Meter;
import org.operaton.bpm.engine.rest.security.auth.impl.HttpBasicAuthenticationProvider;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What is put around the engine: authentication of the REST API and metrics. */
@Configuration(proxyBeanMethods = false)
class EngineConfiguration {

    @Bean
    FilterRegistrationBean<RestAuthenticationFilter> restAuthentication() {
        var registration = new FilterRegistrationBean<>(new RestAuthenticationFilter());
        registration.addUrlPatterns("/engine-rest/*");
        registration.addInitParameter(RestAuthenticationFilter.AUTHENTICATION_PROVIDER_PARAM,
                HttpBasicAuthenticationProvider.class.getName());
        return registration;
    }

    /** The engine's own counters (jobs, instances, activities), which only grow as nothing else reads them. */
    @Bean
    MeterBinder engineMeters(ProcessEngine engine) {
        var configuration = (ProcessEngineConfigurationImpl) engine.getProcessEngineConfiguration();
        return registry -> configuration.getMetricsRegistry().getDbMeters().forEach((name, meter) ->
                FunctionCounter.builder("engine." + name, meter, Meter::get).register(registry));
    }
}
