package hotel.engine.access;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import java.util.EnumSet;
import java.util.List;
import java.util.function.Supplier;
import org.operaton.bpm.engine.ProcessEngine;
import org.operaton.bpm.engine.rest.security.auth.impl.HttpBasicAuthenticationProvider;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigureOrder;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.web.embedded.tomcat.TomcatConnectorCustomizer;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.boot.web.servlet.ServletContextInitializer;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;
import org.springframework.util.function.SingletonSupplier;
import org.springframework.web.cors.CorsConfiguration;
import org.springframework.web.filter.CorsFilter;

/** The doors: Tomcat's own checks, then paths, browsers, credentials, and at last whether there is a user. */
@AutoConfiguration
@AutoConfigureOrder(Ordered.LOWEST_PRECEDENCE)
public class AccessConfiguration {

    private static final int FIRST = Ordered.HIGHEST_PRECEDENCE;

    @Bean
    TomcatConnectorCustomizer clearPaths() {
        return connector -> {
            connector.setAllowBackslash(false);
            connector.setEncodedSolidusHandling("reject");
            connector.setEncodedReverseSolidusHandling("reject");
            connector.setRejectSuspiciousURIs(true);
            connector.setAllowTrace(false);
        };
    }

    @Bean
    FilterRegistrationBean<PathFilter> paths() {
        var registration = everywhere(new PathFilter(), FIRST);
        registration.setDispatcherTypes(EnumSet.allOf(DispatcherType.class));
        return registration;
    }

    @Bean
    FilterRegistrationBean<BrowserFilter> browsers(AccessSettings settings) {
        return everywhere(new BrowserFilter(settings), FIRST + 1);
    }

    /** Answers the questions that a browser asks before it lets a page of an allowed origin talk to the engine. */
    @Bean
    @ConditionalOnProperty(name = "hotel.engine.access.allowed-origins", matchIfMissing = false)
    FilterRegistrationBean<CorsFilter> otherOrigins(AccessSettings settings) {
        var cors = new CorsConfiguration();
        cors.setAllowedOrigins(settings.allowedOrigins());
        cors.setAllowedMethods(List.of("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"));
        cors.setAllowedHeaders(List.of("Accept", "Authorization", "Content-Type"));
        return everywhere(new CorsFilter(request -> {
            var origin = request.getHeader("Origin");
            return origin != null && settings.allowedOrigins().contains(Origins.normal(origin)) ? cors : null;
        }), FIRST + 2);
    }

    @Bean
    AccessMemory accessMemory(AccessSettings settings) {
        return new AccessMemory(settings.cache());
    }

    @Bean
    FilterRegistrationBean<RestAuthenticationFilter> restAuthentication(AccessMemory memory,
            ObjectProvider<ProcessEngine> engine) {
        var registration = new FilterRegistrationBean<>(new RestAuthenticationFilter(memory, once(engine)));
        registration.setOrder(0);
        registration.addUrlPatterns("/engine-rest/*");
        registration.addInitParameter(RestAuthenticationFilter.AUTHENTICATION_PROVIDER_PARAM,
                HttpBasicAuthenticationProvider.class.getName());
        return registration;
    }

    /** Behind the filters of the web applications, whose initializer is asked before this one, as it is the last. */
    @Bean
    ServletContextInitializer access(AccessSettings settings, ObjectProvider<ProcessEngine> engine) {
        return context -> {
            var filter = new AccessFilter(new OpenPaths(settings.webapps()), once(engine));
            var registration = context.addFilter("access", filter);
            registration.setAsyncSupported(true);
            registration.addMappingForUrlPatterns(EnumSet.allOf(DispatcherType.class), true, "/*");
        };
    }

    /** The filters are made before the engine, and looking a bean up takes longer than the rest of a filter. */
    private static Supplier<ProcessEngine> once(ObjectProvider<ProcessEngine> engine) {
        return SingletonSupplier.of(engine::getObject);
    }

    private static <T extends Filter> FilterRegistrationBean<T> everywhere(T filter, int order) {
        var registration = new FilterRegistrationBean<>(filter);
        registration.setOrder(order);
        registration.addUrlPatterns("/*");
        return registration;
    }
}
