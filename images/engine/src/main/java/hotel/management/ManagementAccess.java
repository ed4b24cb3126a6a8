package hotel.management;

import hotel.engine.access.AccessSettings;
import hotel.engine.access.BrowserFilter;
import hotel.engine.access.PathFilter;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextType;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;

/** The checks of paths and browsers on the management port, which has a server of its own. */
@ManagementContextConfiguration(value = ManagementContextType.CHILD, proxyBeanMethods = false)
class ManagementAccess {

    @Bean
    FilterRegistrationBean<PathFilter> managementPaths() {
        var registration = new FilterRegistrationBean<>(new PathFilter());
        registration.setOrder(0);
        return registration;
    }

    @Bean
    FilterRegistrationBean<BrowserFilter> managementBrowsers(AccessSettings settings) {
        var registration = new FilterRegistrationBean<>(new BrowserFilter(settings));
        registration.setOrder(1);
        return registration;
    }
}
